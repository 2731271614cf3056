-- What people say of answers: the score that a judge should have given. Rows are only added; of an author on an answer
-- the newest one counts.
CREATE TABLE labels (
    run_id      TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sample_id   TEXT COLLATE "C" NOT NULL,
    epoch       BIGINT           NOT NULL,                       -- from 1
    author      TEXT COLLATE "C" NOT NULL,
    score       DOUBLE PRECISION NOT NULL,                       -- from 0 to 1
    reason      TEXT,
    labelled_at TIMESTAMP        NOT NULL,
    PRIMARY KEY (run_id, sample_id, epoch, author, labelled_at)
);
