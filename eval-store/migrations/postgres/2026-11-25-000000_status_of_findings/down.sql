ALTER TABLE drift_reports RENAME COLUMN status TO severity;
