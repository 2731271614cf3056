-- Somebody wants the worker of a job to stop for now.
ALTER TABLE jobs ADD COLUMN pausing INTEGER NOT NULL DEFAULT 0;
