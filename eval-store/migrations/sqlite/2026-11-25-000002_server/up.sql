-- Whole runs that are to be made by a server, and how far that has come.
CREATE TABLE jobs (
    id              TEXT    NOT NULL PRIMARY KEY,  -- UUID v7
    submitter       TEXT    NOT NULL,              -- turns are fair between them
    idempotency_key TEXT,                          -- the same key with the same body is the same job
    body_hash       TEXT,
    request         TEXT    NOT NULL,              -- JSON: models, spec, selection, params, callback, ...
    callback        TEXT,                          -- where its runs are still to be told
    state           TEXT    NOT NULL,              -- queued running done failed cancelled interrupted
    cancelling      INTEGER NOT NULL,              -- somebody wants its worker to stop
    runs            TEXT    NOT NULL,              -- JSON: the ids of the runs that were begun
    error           TEXT,
    submitted_at    TEXT    NOT NULL,
    claimed_at      TEXT,                          -- when a worker last took it
    ended_at        TEXT,
    owner           TEXT,                          -- the worker that has it, or that had it at its end
    host            TEXT,
    pid             INTEGER,
    pid_started     INTEGER,                       -- when the process began, in the machine's own ticks
    expires_at      TEXT                           -- until when it has it, unless that is renewed
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX jobs_by_key ON jobs (submitter, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (state, submitter, id);
CREATE INDEX jobs_by_claim ON jobs (submitter, claimed_at);
CREATE INDEX jobs_untold ON jobs (id) WHERE callback IS NOT NULL;

-- News of a run for one receiver. A run that has ended, is wanted and has no row is due.
CREATE TABLE deliveries (
    id       TEXT NOT NULL PRIMARY KEY,  -- a hash of run and receiver
    run_id   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,              -- the address of a callback, or the name of a subscription
    state    TEXT NOT NULL,              -- pending delivered failed disabled
    attempts INTEGER NOT NULL,           -- attempts so far
    next_at  TEXT,                       -- when it is to be sent, while it is pending
    tried_at TEXT,                       -- the last attempt
    status   INTEGER,                    -- the last HTTP status
    error    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_run ON deliveries (run_id, receiver);
CREATE INDEX deliveries_by_time ON deliveries (next_at) WHERE next_at IS NOT NULL;

-- Who may do what over the API: `evh_<id>_<secret>`, of which the secret is kept nowhere.
CREATE TABLE tokens (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL,              -- read run admin
    secret_hash  TEXT NOT NULL,              -- BLAKE3
    created_at   TEXT NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT
) STRICT, WITHOUT ROWID;

-- What people were told, from when it was found until it was over.
CREATE TABLE alerts (
    id           TEXT    NOT NULL PRIMARY KEY,  -- UUID v7
    key          TEXT    NOT NULL,              -- what tells a finding from others; one alert of it lasts
    severity     TEXT,                          -- minor major critical
    title        TEXT    NOT NULL,
    run_id       TEXT,                          -- where it was seen; stays when the run is deleted
    seen         INTEGER NOT NULL,              -- how often
    opened_at    TEXT    NOT NULL,
    last_seen_at TEXT    NOT NULL,
    notified_at  TEXT,
    ack          TEXT,                          -- what a person said: accept fixed mute
    ack_by       TEXT,
    ack_reason   TEXT,
    ack_at       TEXT,
    recovered_at TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE recovered_at IS NULL;
CREATE INDEX alerts_by_key ON alerts (key, id);

-- Who did what. Rows are only added.
CREATE TABLE audit (
    id      TEXT NOT NULL PRIMARY KEY,  -- UUID v7
    done_at TEXT NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    target  TEXT NOT NULL,
    details TEXT NOT NULL               -- JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_by_target ON audit (target, id);
CREATE INDEX audit_by_who ON audit (who, id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
