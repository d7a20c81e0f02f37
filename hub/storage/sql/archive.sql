-- What left the live tables.

-- name: ending
-- Statements that end an item, oldest first. The first condition is the partial index's, word for word.
SELECT topic, item FROM registers INDEXED BY registers_ending
WHERE (slot = 'final' OR (slot IN ('archived', 'deleted') AND value = x'c3')) AND hlc < ?
ORDER BY hlc, topic, item;

-- name: history_below
-- A page of a topic's history, newest first.
SELECT topic, item, item_order, moved_at, registers FROM history
WHERE topic = ? AND item_order < ? ORDER BY item_order DESC LIMIT ?;

-- name: add_quarantine
-- Refused bytes, kept for inspection.
INSERT INTO quarantine (at, topic, user, reason, body) VALUES (?, ?, ?, ?, ?);

-- name: trim_quarantine
-- Only the newest are kept.
DELETE FROM quarantine WHERE number <= (SELECT max(number) FROM quarantine) - ?;
