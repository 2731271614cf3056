-- Tags as rows, so that an index finds the runs of a tag.
CREATE TABLE run_tags (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

INSERT INTO run_tags (run_id, key, value)
SELECT runs.id, tag.key, tag.value FROM runs, json_each(runs.tags) AS tag;

ALTER TABLE runs DROP COLUMN tags;

-- JSON: all that is needed to build the run again; NULL for one that cannot be resumed.
ALTER TABLE runs ADD COLUMN spec TEXT;

CREATE INDEX run_tags_by_tag ON run_tags (key, value, run_id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_model ON runs (model, id);
CREATE INDEX runs_by_name ON runs (name, id);
CREATE INDEX runs_by_start ON runs (started_at, id);
CREATE INDEX runs_by_group ON runs (group_id) WHERE group_id IS NOT NULL;

-- Each call that costs money, written down before it is made.
CREATE TABLE attempts (
    run_id            TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id                INTEGER NOT NULL,            -- sorts by time
    sample_id         TEXT    NOT NULL,
    epoch             INTEGER NOT NULL,            -- from 1
    purpose           TEXT    NOT NULL,            -- answer judge
    model             TEXT    NOT NULL,            -- the model asked
    begun_at          TEXT    NOT NULL,
    PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;

-- How it ended, written down after it. No row: it is in flight, or was cut off and nobody resumed the run.
CREATE TABLE attempt_ends (
    run_id            TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id                INTEGER NOT NULL,            -- as in attempts
    ended_at          TEXT    NOT NULL,
    outcome           TEXT    NOT NULL,            -- answered failed abandoned
    answer            TEXT,                        -- until the run has finished; then it stands in evaluations
    error_kind        TEXT,                        -- failed: rate_limited, timeout, ...
    error             TEXT,
    finish_reason     TEXT,
    prompt_tokens     INTEGER,
    completion_tokens INTEGER,
    cost_nanos        INTEGER,                     -- NULL: nobody knows, as for every abandoned call
    latency_ms        REAL,                        -- the call itself
    details           TEXT,                        -- JSON: served_..., cached and reasoning tokens, waiting times
    PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;

-- For people: each call with its end.
CREATE VIEW calls AS
SELECT a.run_id, a.id, a.sample_id, a.epoch, a.purpose, a.model, a.begun_at, e.ended_at,
       coalesce(e.outcome, 'begun') AS outcome, e.error_kind, e.error, e.finish_reason, e.prompt_tokens,
       e.completion_tokens, e.cost_nanos, e.latency_ms, e.details
FROM attempts a LEFT JOIN attempt_ends e ON e.run_id = a.run_id AND e.id = a.id;

-- Who works on a run. One whose lease has expired was left by its process.
CREATE TABLE leases (
    run_id       TEXT    NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    owner        TEXT    NOT NULL,                    -- one process, once
    host         TEXT    NOT NULL,
    pid          INTEGER NOT NULL,
    pid_started  INTEGER,                         -- when the process began, in the machine's own ticks
    acquired_at  TEXT    NOT NULL,
    heartbeat_at TEXT    NOT NULL,
    expires_at   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Runs that a person has blessed; the newest row of a name and a data set counts.
CREATE TABLE baselines (
    name       TEXT NOT NULL,                         -- the name in a history
    dataset    TEXT NOT NULL,
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    reason     TEXT NOT NULL,
    blessed_by TEXT NOT NULL,
    blessed_at TEXT NOT NULL,
    PRIMARY KEY (name, dataset, blessed_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX baselines_by_run ON baselines (run_id);

-- What a person said about a point of a history: accepted, masked, ...
CREATE TABLE marks (
    id          TEXT NOT NULL PRIMARY KEY,            -- UUID v7
    name        TEXT NOT NULL,                        -- the key of the history: name, data set, prompt, ...
    dataset     TEXT NOT NULL,
    prompt_hash TEXT NOT NULL,
    params      TEXT NOT NULL,                        -- JSON
    judge_hash  TEXT NOT NULL,
    run_id      TEXT NOT NULL,                        -- where it applies; stays when the run is deleted
    kind        TEXT NOT NULL,
    author      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    made_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_by_history ON marks (name, dataset, prompt_hash, judge_hash);

-- What a detector found when a run had ended. Computed once for each state of the marks.
CREATE TABLE drift_reports (
    run_id        TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    method        TEXT    NOT NULL,
    marks_version INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    dataset       TEXT    NOT NULL,
    status        TEXT    NOT NULL,                   -- worse watch steady ...; severity stands in the report
    report        TEXT    NOT NULL,                   -- JSON
    computed_at   TEXT    NOT NULL,
    PRIMARY KEY (run_id, method, marks_version)
) STRICT, WITHOUT ROWID;

CREATE INDEX drift_reports_by_history ON drift_reports (name, dataset, run_id);
