-- What a run is for: evaluation rescore anchor audit. Only evaluations enter leaderboards and histories.
ALTER TABLE runs ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'evaluation';
-- The run whose answers are judged again. It stays when that run is deleted.
ALTER TABLE runs ADD COLUMN of_run TEXT COLLATE "C";

CREATE INDEX runs_by_of ON runs (of_run) WHERE of_run IS NOT NULL;

-- Where a cost is known from: `reported`, `file` or `table`, and the day of a price table: `table 2026-11-20`.
ALTER TABLE evaluations ADD COLUMN price_from TEXT;
ALTER TABLE verdicts ADD COLUMN price_from TEXT;
-- Tokens of the prompt that were written to the provider's prompt cache.
ALTER TABLE verdicts ADD COLUMN cache_write_tokens BIGINT;

-- JSON: cache_write_tokens, would_have_cost_nanos (of an answer from our own cache or cassette), served_raw_model,
-- served_family, served_recalled (cache cassette), and books, where the answer's own differ from the row.
ALTER TABLE evaluations RENAME COLUMN answer_differs TO details;
UPDATE evaluations SET details = '{"books":' || details || '}' WHERE details IS NOT NULL;
