DROP TABLE audit;
DROP FUNCTION audit_is_append_only;
DROP TABLE alerts;
DROP TABLE deliveries;
DROP TABLE tokens;
DROP TABLE jobs;
