DROP TABLE notice_alerts;
DROP TABLE notices;
ALTER TABLE alerts DROP COLUMN ack_until;
