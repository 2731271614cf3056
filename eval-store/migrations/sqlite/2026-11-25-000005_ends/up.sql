-- News are of an end of a run: one that goes on and ends once more has others.
ALTER TABLE deliveries ADD COLUMN ended_at TEXT;
UPDATE deliveries SET ended_at = (SELECT finished_at FROM runs WHERE runs.id = deliveries.run_id);

-- Since when there is a receiver of this name.
CREATE TABLE subscriptions (
    name  TEXT NOT NULL PRIMARY KEY,
    since TEXT NOT NULL
) STRICT, WITHOUT ROWID;
