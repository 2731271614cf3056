DROP TABLE audit;
DROP TABLE alerts;
DROP TABLE tokens;
DROP TABLE jobs;
