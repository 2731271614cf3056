-- What has no column there is lost.
UPDATE evaluations SET details = NULL WHERE details NOT LIKE '{"books":%';
UPDATE evaluations SET details = substr(details, 10, length(details) - 10) WHERE details IS NOT NULL;
ALTER TABLE evaluations RENAME COLUMN details TO answer_differs;
ALTER TABLE verdicts DROP COLUMN cache_write_tokens;
ALTER TABLE verdicts DROP COLUMN price_from;
ALTER TABLE evaluations DROP COLUMN price_from;
DROP INDEX runs_by_of;
ALTER TABLE runs DROP COLUMN of_run;
ALTER TABLE runs DROP COLUMN kind;
