-- Reading topics and saving turns.

-- name: journal
-- Everything not folded yet, oldest first; read once, at start.
SELECT number, topic, incarnation, seq, body FROM journal ORDER BY number;

-- name: topics
-- Topics as folded. The row of VALUES is repeated for as many as are asked for at once.
WITH wanted (name) AS (VALUES (?))
SELECT topic, incarnation, seq, floor, items, live, unknown, last_order
FROM wanted CROSS JOIN topics ON topic = name WHERE incarnation <> 0;

-- name: registers
-- The registers of some keys, each key with its own.
WITH wanted (in_topic, of_item, in_slot) AS (VALUES (?, ?, ?))
SELECT topic, item, slot, value, hlc, actor, seq, weight
FROM wanted CROSS JOIN registers ON topic = in_topic AND item = of_item AND slot = in_slot;

-- name: items
-- All registers of some items.
WITH wanted (in_topic, of_item) AS (VALUES (?, ?))
SELECT topic, item, slot, value, hlc, actor, seq, weight
FROM wanted CROSS JOIN registers ON topic = in_topic AND item = of_item;

-- name: item
-- All registers of one item, which is known.
SELECT slot, value, hlc, actor, seq, weight FROM registers WHERE topic = ? AND item = ?;

-- name: item_in_history
-- An item that left the live registers. Should its record be live again, that one counts.
SELECT topic, item, item_order, moved_at, registers FROM history
WHERE topic = ?1 AND item = ?2
AND NOT EXISTS (SELECT 1 FROM registers WHERE topic = ?1 AND item = ?2 AND slot = 'item');

-- name: member_names
-- Who may read or write a space or document, by name.
SELECT user FROM members WHERE topic = ? ORDER BY user;

-- name: ledger
-- A whole ledger: a sweep of the primary key.
SELECT item, slot, value, hlc, actor, seq, weight FROM registers
WHERE topic = ? ORDER BY item, slot;

-- name: ledger_above
-- What changed in a ledger above a seq: cost follows what changed, not the ledger's size.
SELECT item, slot, value, hlc, actor, seq, weight FROM registers INDEXED BY registers_by_seq
WHERE topic = ? AND seq > ? ORDER BY item, slot;

-- name: snapshot
-- A document's snapshot.
SELECT seq, body FROM snapshots WHERE topic = ?;

-- name: updates_above
-- A document's updates above its snapshot, in order.
SELECT seq, body FROM updates WHERE topic = ? AND seq > ? ORDER BY seq;

-- name: client_ids
-- Who named which Yjs client id of a document.
SELECT client_id, user FROM client_ids WHERE topic = ?;

-- name: append_journal
-- The commit itself.
INSERT INTO journal (number, topic, incarnation, seq, body) VALUES (?, ?, ?, ?, ?);

-- name: bind_client_id
-- The first who names a client id keeps it.
INSERT INTO client_ids (topic, client_id, user) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: put_history
-- An item moves to history, or is joined there.
INSERT INTO history (topic, item, item_order, moved_at, registers) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (topic, item) DO UPDATE SET
    item_order = excluded.item_order, moved_at = excluded.moved_at, registers = excluded.registers;

-- name: drop_history
-- An item that lives again.
DELETE FROM history WHERE topic = ? AND item = ?;

-- name: drop_item
-- The live registers of an item that moved to history.
DELETE FROM registers WHERE topic = ? AND item = ?;

-- name: raise_floor
-- A floor never falls. It may come before its topic is folded.
INSERT INTO topics (topic, incarnation, seq, floor, items, live, unknown, last_order)
VALUES (?, 0, 0, ?, 0, 0, 0, 0)
ON CONFLICT (topic) DO UPDATE SET floor = excluded.floor WHERE excluded.floor > floor;
