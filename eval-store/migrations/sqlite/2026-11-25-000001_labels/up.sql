-- What people say of answers: the score that a judge should have given. Rows are only added; of an author on an answer
-- the newest one counts.
CREATE TABLE labels (
    run_id      TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sample_id   TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,                     -- from 1
    author      TEXT    NOT NULL,
    score       REAL    NOT NULL,                     -- from 0 to 1
    reason      TEXT,
    labelled_at TEXT    NOT NULL,
    PRIMARY KEY (run_id, sample_id, epoch, author, labelled_at)
) STRICT, WITHOUT ROWID;
