-- How a finding ended: worse, watch, steady, ... Its severity, by size, stands in the report.
ALTER TABLE drift_reports RENAME COLUMN severity TO status;
