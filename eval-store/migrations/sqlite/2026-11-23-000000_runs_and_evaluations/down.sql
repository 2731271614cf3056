DROP VIEW results;
DROP TABLE verdicts;
DROP TABLE evaluations;
DROP TABLE samples;
DROP TABLE run_categories;
DROP TABLE run_summaries;
DROP TABLE runs;
