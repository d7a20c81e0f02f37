-- Moving the journal into the tables. Every statement may be repeated without harm.

-- name: join_register
-- The join: only the heavier statement replaces what stands.
INSERT INTO registers (topic, item, slot, value, hlc, actor, weight, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (topic, item, slot) DO UPDATE SET
    value = excluded.value, hlc = excluded.hlc, actor = excluded.actor,
    weight = excluded.weight, seq = excluded.seq
WHERE excluded.weight > weight;

-- name: put_snapshot
-- An older snapshot never replaces a newer one.
INSERT INTO snapshots (topic, seq, body) VALUES (?, ?, ?)
ON CONFLICT (topic) DO UPDATE SET seq = excluded.seq, body = excluded.body WHERE excluded.seq > seq;

-- name: cut_updates
-- What a snapshot covers.
DELETE FROM updates
WHERE topic = ?1 AND seq <= (SELECT seq FROM snapshots WHERE topic = ?1);

-- name: add_update
-- An update that the snapshot doesn't cover.
INSERT INTO updates (topic, seq, body)
SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM snapshots WHERE topic = ?1 AND seq >= ?2)
ON CONFLICT (topic, seq) DO NOTHING;

-- name: put_topic
-- A topic as the folding pass leaves it; its floor never falls.
INSERT INTO topics (topic, incarnation, seq, floor, items, live, unknown, last_order)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (topic) DO UPDATE SET
    incarnation = excluded.incarnation, seq = excluded.seq, floor = max(floor, excluded.floor),
    items = excluded.items, live = excluded.live, unknown = excluded.unknown, last_order = excluded.last_order;

-- name: trim_journal
-- Drops folded rows from the front, a bounded number a time: a row costs up to 1 µs, and commits wait.
DELETE FROM journal
WHERE number <= ?1 AND number < (SELECT min(number) FROM journal) + ?2;

-- name: folded_rows
-- Whether any are left.
SELECT 1 FROM journal WHERE number <= ? LIMIT 1;
