DROP TABLE subscriptions;
ALTER TABLE deliveries DROP COLUMN ended_at;
