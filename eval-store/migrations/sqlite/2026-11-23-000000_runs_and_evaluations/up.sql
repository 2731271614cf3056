-- Times are UTC, as text that sorts. Money is integer nano-dollars (1 USD = 1,000,000,000). NULL means unknown or
-- not there, never 0. Booleans are 0 and 1.

-- One model over one data set with fixed settings.
CREATE TABLE runs (
    id                  TEXT    NOT NULL PRIMARY KEY, -- UUID v7: sorts by time
    group_id            TEXT,                         -- shared by runs that were started together
    name                TEXT    NOT NULL,             -- the name in a history; the model unless said otherwise
    model               TEXT    NOT NULL,             -- the model asked for
    dataset             TEXT    NOT NULL,
    dataset_fingerprint TEXT    NOT NULL,             -- content hash of the whole data set
    dataset_len         INTEGER NOT NULL,             -- samples of the whole data set
    selection           TEXT,                         -- JSON; NULL: every sample was asked
    params              TEXT    NOT NULL,             -- JSON: sampling parameters
    epochs              INTEGER NOT NULL,
    threshold           REAL    NOT NULL,             -- a score of at least this passes, 0 to 1
    tags                TEXT    NOT NULL,             -- JSON
    prompt_hash         TEXT    NOT NULL,
    judge               TEXT    NOT NULL,             -- the first judge, whose score is the run's
    judge_hash          TEXT    NOT NULL,             -- of all judges
    provider            TEXT    NOT NULL,
    harness_version     TEXT    NOT NULL,
    simulated           INTEGER NOT NULL,
    git_commit          TEXT,
    git_dirty           INTEGER,
    started_at          TEXT    NOT NULL,
    finished_at         TEXT,
    status              TEXT    NOT NULL,             -- queued running paused interrupted cancelled capped failed finished
    stop_kind           TEXT,                         -- the provider error that ended the run
    stop_message        TEXT,
    planned             INTEGER NOT NULL              -- evaluations: samples times epochs
) STRICT;

CREATE INDEX runs_by_dataset ON runs (dataset, name, id);

-- What came out of a run; no row until it has ended.
CREATE TABLE run_summaries (
    run_id                    TEXT    NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    scored                    INTEGER NOT NULL,
    unscored                  INTEGER NOT NULL,       -- the judge could not grade
    failed                    INTEGER NOT NULL,       -- the model did not answer
    accuracy                  REAL,                   -- mean score of the scored samples, 0 to 1
    accuracy_n                INTEGER,
    accuracy_se               REAL,
    accuracy_low              REAL,                   -- 95 % interval
    accuracy_high             REAL,
    accuracy_method           TEXT,                   -- wilson, student_t
    pass_rate                 REAL,
    pass_rate_n               INTEGER,
    pass_rate_se              REAL,
    pass_rate_low             REAL,
    pass_rate_high            REAL,
    pass_rate_method          TEXT,
    latency_n                 INTEGER,                -- answers measured
    latency_mean_ms           REAL,
    latency_p50_ms            REAL,
    latency_p95_ms            REAL,
    prompt_tokens             INTEGER,                -- what is known together ...
    prompt_tokens_unknown     INTEGER NOT NULL,       -- ... and the calls without a figure
    completion_tokens         INTEGER,
    completion_tokens_unknown INTEGER NOT NULL,
    cost_nanos                INTEGER,                -- answers, failed calls included
    cost_unknown              INTEGER NOT NULL,
    judge_cost_nanos          INTEGER,
    judge_cost_unknown        INTEGER NOT NULL,
    wall_ms                   INTEGER
) STRICT;

-- A run by category.
CREATE TABLE run_categories (
    run_id          TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    category        TEXT    NOT NULL,
    scored          INTEGER NOT NULL,
    unscored        INTEGER NOT NULL,
    failed          INTEGER NOT NULL,
    accuracy        REAL,
    accuracy_n      INTEGER,
    accuracy_se     REAL,
    accuracy_low    REAL,
    accuracy_high   REAL,
    accuracy_method TEXT,
    PRIMARY KEY (run_id, category)
) STRICT, WITHOUT ROWID;

-- What was asked and expected: each text once, however many runs ask it.
CREATE TABLE samples (
    hash            TEXT NOT NULL PRIMARY KEY,        -- of all that stands in this row
    question        TEXT NOT NULL,
    expected_output TEXT,
    turns           TEXT,                             -- JSON: the turns before the question
    metadata        TEXT                              -- JSON: the other columns of the data set
) STRICT;

-- One sample in one epoch of a run.
CREATE TABLE evaluations (
    id                 INTEGER NOT NULL PRIMARY KEY,
    run_id             TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sample_id          TEXT    NOT NULL,
    epoch              INTEGER NOT NULL,              -- from 1
    sample_hash        TEXT    NOT NULL REFERENCES samples (hash),
    category           TEXT    NOT NULL,
    outcome            TEXT    NOT NULL,              -- scored unscored failed
    score              REAL    CHECK (score BETWEEN 0 AND 1), -- of the first judge
    error_kind         TEXT,                          -- failed: rate_limited, timeout, ...
    error              TEXT,                          -- why it failed or could not be graded
    answer             TEXT,                          -- NULL: the model did not answer
    finish_reason      TEXT,
    prompt_tokens      INTEGER,
    completion_tokens  INTEGER,
    cached_tokens      INTEGER,
    reasoning_tokens   INTEGER,
    cost_nanos         INTEGER,                       -- of the answer; the judges' stands in verdicts
    queued_ms          REAL    NOT NULL,              -- waited for a permit
    backing_off_ms     REAL    NOT NULL,              -- lost to failed attempts and pauses
    latency_ms         REAL,                          -- the answering attempt itself
    served_model       TEXT,                          -- what really answered
    served_model_id    TEXT,
    served_fingerprint TEXT,
    served_fallbacks   INTEGER,
    served_retries     INTEGER,
    served_cache_hit   INTEGER,
    served_call_id     TEXT,
    served_request_id  TEXT,
    served_proxy       TEXT,
    answer_differs     TEXT,                          -- JSON; where the answer's own books differ from this row
    started_at         TEXT    NOT NULL,
    UNIQUE (run_id, sample_id, epoch)
) STRICT;

-- What each judge said; position 0 decides the outcome.
CREATE TABLE verdicts (
    evaluation_id     INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    position          INTEGER NOT NULL,
    judge             TEXT    NOT NULL,
    score             REAL    CHECK (score BETWEEN 0 AND 1),
    explanation       TEXT,                           -- the judge's reasons
    error             TEXT,                           -- why there is no score
    prompt_tokens     INTEGER,
    completion_tokens INTEGER,
    cached_tokens     INTEGER,
    reasoning_tokens  INTEGER,
    cost_nanos        INTEGER,
    latency_ms        REAL,
    PRIMARY KEY (evaluation_id, position)
) STRICT, WITHOUT ROWID;

-- For people: one line a run, in percent, dollars and seconds.
CREATE VIEW results AS
SELECT substr(replace(r.id, '-', ''), -6)                           AS run,
       r.started_at, r.name, r.model, r.dataset, r.status,
       round(100 * s.accuracy, 1)                                   AS accuracy,
       round(100 * s.accuracy_low, 1)                               AS low,
       round(100 * s.accuracy_high, 1)                              AS high,
       s.accuracy_n                                                 AS questions,
       s.scored, s.unscored, s.failed,
       round(s.latency_mean_ms)                                     AS latency_ms,
       round(s.latency_p95_ms)                                      AS p95_ms,
       round(s.wall_ms / 1000.0, 1)                                 AS wall_s,
       s.cost_nanos / 1e9                                           AS cost_usd,
       s.judge_cost_nanos / 1e9                                     AS judge_cost_usd,
       s.cost_unknown + s.judge_cost_unknown                        AS calls_without_cost,
       r.simulated, r.git_commit, r.git_dirty, r.id
FROM runs r LEFT JOIN run_summaries s ON s.run_id = r.id
ORDER BY r.id DESC;
