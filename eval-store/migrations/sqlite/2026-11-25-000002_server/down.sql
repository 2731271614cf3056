DROP TABLE audit;
DROP TABLE alerts;
DROP TABLE deliveries;
DROP TABLE tokens;
DROP TABLE jobs;
