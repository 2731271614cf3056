-- Somebody wants the worker of a job to stop for now.
ALTER TABLE jobs ADD COLUMN pausing BOOLEAN NOT NULL DEFAULT FALSE;
