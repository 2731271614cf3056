-- Times are UTC. Money is integer nano-dollars (1 USD = 1,000,000,000). NULL means unknown or not there, never 0.
-- Texts that are compared or sorted have the collation "C": by their bytes, as SQLite does.

-- Where the second text begins in the first, from 1, as SQLite calls it.
CREATE FUNCTION instr(text, text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT strpos($1, $2) $$;

-- Each writer takes a block of ids at once.
CREATE SEQUENCE evaluation_ids INCREMENT BY 256;

-- One model over one data set with fixed settings.
CREATE TABLE runs (
    id                  TEXT COLLATE "C" NOT NULL PRIMARY KEY,   -- UUID v7: sorts by time
    group_id            TEXT COLLATE "C",                        -- shared by runs that were started together
    name                TEXT COLLATE "C" NOT NULL,               -- the name in a history; the model unless said otherwise
    model               TEXT COLLATE "C" NOT NULL,               -- the model asked for
    dataset             TEXT COLLATE "C" NOT NULL,
    dataset_fingerprint TEXT             NOT NULL,               -- content hash of the whole data set
    dataset_len         BIGINT           NOT NULL,               -- samples of the whole data set
    selection           TEXT,                                    -- JSON; NULL: every sample was asked
    params              TEXT             NOT NULL,               -- JSON: sampling parameters
    epochs              BIGINT           NOT NULL,
    threshold           DOUBLE PRECISION NOT NULL,               -- a score of at least this passes, 0 to 1
    prompt_hash         TEXT COLLATE "C" NOT NULL,
    judge               TEXT             NOT NULL,               -- the first judge, whose score is the run's
    judge_hash          TEXT COLLATE "C" NOT NULL,               -- of all judges
    provider            TEXT             NOT NULL,
    harness_version     TEXT             NOT NULL,
    simulated           BOOLEAN          NOT NULL,
    git_commit          TEXT,
    git_dirty           BOOLEAN,
    started_at          TIMESTAMP        NOT NULL,
    finished_at         TIMESTAMP,
    status              TEXT COLLATE "C" NOT NULL,               -- queued running paused interrupted cancelled capped failed finished
    stop_kind           TEXT,                                    -- the provider error that ended the run
    stop_message        TEXT,
    planned             BIGINT           NOT NULL,               -- evaluations: samples times epochs
    spec                TEXT                                     -- JSON: all that is needed to build the run again; NULL for one that cannot be resumed
);

CREATE INDEX runs_by_dataset ON runs (dataset, name, id);

-- What came out of a run; no row until it has ended.
CREATE TABLE run_summaries (
    run_id                    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    scored                    BIGINT           NOT NULL,
    unscored                  BIGINT           NOT NULL,         -- the judge could not grade
    failed                    BIGINT           NOT NULL,         -- the model did not answer
    accuracy                  DOUBLE PRECISION,                  -- mean score of the scored samples, 0 to 1
    accuracy_n                BIGINT,
    accuracy_se               DOUBLE PRECISION,
    accuracy_low              DOUBLE PRECISION,                  -- 95 % interval
    accuracy_high             DOUBLE PRECISION,
    accuracy_method           TEXT,                              -- wilson, student_t
    pass_rate                 DOUBLE PRECISION,
    pass_rate_n               BIGINT,
    pass_rate_se              DOUBLE PRECISION,
    pass_rate_low             DOUBLE PRECISION,
    pass_rate_high            DOUBLE PRECISION,
    pass_rate_method          TEXT,
    latency_n                 BIGINT,                            -- answers measured
    latency_mean_ms           DOUBLE PRECISION,
    latency_p50_ms            DOUBLE PRECISION,
    latency_p95_ms            DOUBLE PRECISION,
    prompt_tokens             BIGINT,                            -- what is known together ...
    prompt_tokens_unknown     BIGINT           NOT NULL,         -- ... and the calls without a figure
    completion_tokens         BIGINT,
    completion_tokens_unknown BIGINT           NOT NULL,
    cost_nanos                BIGINT,                            -- answers, failed calls included
    cost_unknown              BIGINT           NOT NULL,
    judge_cost_nanos          BIGINT,
    judge_cost_unknown        BIGINT           NOT NULL,
    wall_ms                   BIGINT
);

-- A run by category.
CREATE TABLE run_categories (
    run_id          TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    category        TEXT COLLATE "C" NOT NULL,
    scored          BIGINT           NOT NULL,
    unscored        BIGINT           NOT NULL,
    failed          BIGINT           NOT NULL,
    accuracy        DOUBLE PRECISION,
    accuracy_n      BIGINT,
    accuracy_se     DOUBLE PRECISION,
    accuracy_low    DOUBLE PRECISION,
    accuracy_high   DOUBLE PRECISION,
    accuracy_method TEXT,
    PRIMARY KEY (run_id, category)
);

-- What was asked and expected: each text once, however many runs ask it.
CREATE TABLE samples (
    hash            TEXT COLLATE "C" NOT NULL PRIMARY KEY,       -- of all that stands in this row
    question        TEXT             NOT NULL,
    expected_output TEXT,
    turns           TEXT,                                        -- JSON: the turns before the question
    metadata        TEXT                                         -- JSON: the other columns of the data set
);

-- One sample in one epoch of a run.
CREATE TABLE evaluations (
    id                 BIGINT           NOT NULL PRIMARY KEY,
    run_id             TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sample_id          TEXT COLLATE "C" NOT NULL,
    epoch              BIGINT           NOT NULL,                -- from 1
    sample_hash        TEXT COLLATE "C" NOT NULL REFERENCES samples (hash),
    category           TEXT COLLATE "C" NOT NULL,
    outcome            TEXT COLLATE "C" NOT NULL,                -- scored unscored failed
    score              DOUBLE PRECISION CHECK (score BETWEEN 0 AND 1), -- of the first judge
    error_kind         TEXT,                                     -- of the model, or of the first judge: rate_limited, ...
    error              TEXT,                                     -- why it failed or could not be graded
    answer             TEXT,                                     -- NULL: the model did not answer
    finish_reason      TEXT,
    prompt_tokens      BIGINT,
    completion_tokens  BIGINT,
    cached_tokens      BIGINT,
    reasoning_tokens   BIGINT,
    cost_nanos         BIGINT,                                   -- of the answer; the judges' stands in verdicts
    queued_ms          DOUBLE PRECISION NOT NULL,                -- waited for a permit
    backing_off_ms     DOUBLE PRECISION NOT NULL,                -- lost to failed attempts and pauses
    latency_ms         DOUBLE PRECISION,                         -- the answering attempt itself
    served_model       TEXT,                                     -- what really answered
    served_model_id    TEXT,
    served_fingerprint TEXT,
    served_fallbacks   BIGINT,
    served_retries     BIGINT,
    served_cache_hit   BOOLEAN,
    served_call_id     TEXT,
    served_request_id  TEXT,
    served_proxy       TEXT,
    answer_differs     TEXT,                                     -- JSON; where the answer's own books differ from this row
    started_at         TIMESTAMP        NOT NULL,
    -- With all that a history asks for, so that the scores of 90 runs are read from the index alone.
    UNIQUE (run_id, sample_id, epoch) INCLUDE (sample_hash, category, score)
);

-- What each judge said; position 0 decides the outcome.
CREATE TABLE verdicts (
    evaluation_id     BIGINT           NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    position          BIGINT           NOT NULL,
    judge             TEXT             NOT NULL,
    score             DOUBLE PRECISION CHECK (score BETWEEN 0 AND 1),
    explanation       TEXT,                                      -- the judge's reasons
    error             TEXT,                                      -- why there is no score
    prompt_tokens     BIGINT,
    completion_tokens BIGINT,
    cached_tokens     BIGINT,
    reasoning_tokens  BIGINT,
    cost_nanos        BIGINT,
    latency_ms        DOUBLE PRECISION,
    PRIMARY KEY (evaluation_id, position)
);

-- Tags as rows, so that an index finds the runs of a tag.
CREATE TABLE run_tags (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key    TEXT COLLATE "C" NOT NULL,
    value  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, key)
);

CREATE INDEX run_tags_by_tag ON run_tags (key, value, run_id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_model ON runs (model, id);
CREATE INDEX runs_by_name ON runs (name, id);
CREATE INDEX runs_by_start ON runs (started_at, id);
CREATE INDEX runs_by_group ON runs (group_id) WHERE group_id IS NOT NULL;

-- Each call that costs money, written down before it is made.
CREATE TABLE attempts (
    run_id            TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id                BIGINT           NOT NULL,   -- sorts by time
    sample_id         TEXT COLLATE "C" NOT NULL,
    epoch             BIGINT           NOT NULL,   -- from 1
    purpose           TEXT             NOT NULL,   -- answer judge
    model             TEXT COLLATE "C" NOT NULL,   -- the model asked
    begun_at          TIMESTAMP        NOT NULL,
    PRIMARY KEY (run_id, id)
);

-- How it ended, written down after it. No row: it is in flight, or was cut off and nobody resumed the run.
CREATE TABLE attempt_ends (
    run_id            TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id                BIGINT           NOT NULL,   -- as in attempts
    ended_at          TIMESTAMP        NOT NULL,
    outcome           TEXT             NOT NULL,   -- answered failed abandoned
    answer            TEXT,            -- until the run has finished; then it stands in evaluations
    error_kind        TEXT,            -- failed: rate_limited, timeout, ...
    error             TEXT,
    finish_reason     TEXT,
    prompt_tokens     BIGINT,
    completion_tokens BIGINT,
    cost_nanos        BIGINT,            -- NULL: nobody knows, as for every abandoned call
    latency_ms        DOUBLE PRECISION,            -- the call itself
    details           TEXT,            -- JSON: served_..., cached and reasoning tokens, waiting times
    PRIMARY KEY (run_id, id)
);

-- For people: each call with its end.
CREATE VIEW calls AS
SELECT a.run_id, a.id, a.sample_id, a.epoch, a.purpose, a.model, a.begun_at, e.ended_at,
       coalesce(e.outcome, 'begun') AS outcome, e.error_kind, e.error, e.finish_reason, e.prompt_tokens,
       e.completion_tokens, e.cost_nanos, e.latency_ms, e.details
FROM attempts a LEFT JOIN attempt_ends e ON e.run_id = a.run_id AND e.id = a.id;

-- Who works on a run. One whose lease has expired was left by its process.
CREATE TABLE leases (
    run_id       TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    owner        TEXT             NOT NULL,                      -- one process, once
    host         TEXT             NOT NULL,
    pid          BIGINT           NOT NULL,
    pid_started  BIGINT,                              -- when the process began, in the machine's own ticks
    acquired_at  TIMESTAMP        NOT NULL,
    heartbeat_at TIMESTAMP        NOT NULL,
    expires_at   TIMESTAMP        NOT NULL
);

-- Runs that a person has blessed; the newest row of a name and a data set counts.
CREATE TABLE baselines (
    name       TEXT COLLATE "C" NOT NULL,                        -- the name in a history
    dataset    TEXT COLLATE "C" NOT NULL,
    run_id     TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    reason     TEXT             NOT NULL,
    blessed_by TEXT             NOT NULL,
    blessed_at TIMESTAMP        NOT NULL,
    PRIMARY KEY (name, dataset, blessed_at)
);

CREATE INDEX baselines_by_run ON baselines (run_id);

-- What a person said about a point of a history: accepted, masked, ...
CREATE TABLE marks (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,           -- UUID v7
    name        TEXT COLLATE "C" NOT NULL,                       -- the key of the history: name, data set, prompt, ...
    dataset     TEXT COLLATE "C" NOT NULL,
    prompt_hash TEXT COLLATE "C" NOT NULL,
    params      TEXT COLLATE "C" NOT NULL,                       -- JSON
    judge_hash  TEXT COLLATE "C" NOT NULL,
    run_id      TEXT COLLATE "C" NOT NULL,                       -- where it applies; stays when the run is deleted
    kind        TEXT COLLATE "C" NOT NULL,
    author      TEXT             NOT NULL,
    reason      TEXT             NOT NULL,
    made_at     TIMESTAMP        NOT NULL
);

CREATE INDEX marks_by_history ON marks (name, dataset, prompt_hash, judge_hash);

-- What a detector found when a run had ended. Computed once for each state of the marks.
CREATE TABLE drift_reports (
    run_id        TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    method        TEXT COLLATE "C" NOT NULL,
    marks_version BIGINT           NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    dataset       TEXT COLLATE "C" NOT NULL,
    status        TEXT             NOT NULL,                     -- worse watch steady ...; severity stands in the report
    report        TEXT             NOT NULL,                     -- JSON
    computed_at   TIMESTAMP        NOT NULL,
    PRIMARY KEY (run_id, method, marks_version)
);

CREATE INDEX drift_reports_by_history ON drift_reports (name, dataset, run_id);

-- For people: one line a run, in percent, dollars and seconds.
CREATE VIEW results AS
SELECT right(replace(r.id, '-', ''), 6)                             AS run,
       r.started_at, r.name, r.model, r.dataset, r.status,
       round((100 * s.accuracy)::numeric, 1)::double precision      AS accuracy,
       round((100 * s.accuracy_low)::numeric, 1)::double precision  AS low,
       round((100 * s.accuracy_high)::numeric, 1)::double precision AS high,
       s.accuracy_n                                                 AS questions,
       s.scored, s.unscored, s.failed,
       round(s.latency_mean_ms)                                     AS latency_ms,
       round(s.latency_p95_ms)                                      AS p95_ms,
       round(s.wall_ms / 1000.0, 1)::double precision               AS wall_s,
       s.cost_nanos / 1e9::double precision                         AS cost_usd,
       s.judge_cost_nanos / 1e9::double precision                   AS judge_cost_usd,
       s.cost_unknown + s.judge_cost_unknown                        AS calls_without_cost,
       r.simulated, r.git_commit, r.git_dirty, r.id
FROM runs r LEFT JOIN run_summaries s ON s.run_id = r.id
ORDER BY r.id DESC;
