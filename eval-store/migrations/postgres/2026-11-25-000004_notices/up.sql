-- Until when what a person said of an alert holds; unknown for as long as the alert lasts.
ALTER TABLE alerts ADD COLUMN ack_until TIMESTAMP;

-- What one channel is to tell people, and how far that has come.
CREATE TABLE notices (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- a hash of channel, kind and alerts
    alerts   TEXT             NOT NULL,              -- JSON: the ids of the alerts that it tells of, sorted
    channel  TEXT COLLATE "C" NOT NULL,
    kind     TEXT             NOT NULL,              -- opened recovered
    body     TEXT             NOT NULL,              -- what it says, in the form of the server
    state    TEXT COLLATE "C" NOT NULL,              -- pending sent failed
    attempts BIGINT           NOT NULL,              -- attempts so far
    next_at  TIMESTAMP,                              -- when it is to be sent, while it is pending; who takes it moves this
    tried_at TIMESTAMP,                              -- the last attempt
    error    TEXT
);

CREATE INDEX notices_due ON notices (channel, next_at) WHERE next_at IS NOT NULL;

-- The notices of an alert.
CREATE TABLE notice_alerts (
    alert_id  TEXT COLLATE "C" NOT NULL,
    notice_id TEXT COLLATE "C" NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    PRIMARY KEY (alert_id, notice_id)
);
