-- name: open_exclusively
-- Nobody else may use the file while this connection lives.
PRAGMA locking_mode = EXCLUSIVE;

-- name: write_ahead
-- Commits are appended; without shared memory, since nobody shares it.
PRAGMA journal_mode = WAL;

-- name: durable
-- A commit is on disk before it is told.
PRAGMA synchronous = FULL;

-- name: application
-- Whose file it is.
PRAGMA application_id;

-- name: version
-- Which schema it has; 0 for a new file.
PRAGMA user_version;

-- name: begin
-- Take the lock at once.
BEGIN IMMEDIATE;

-- name: commit
-- Make it stand.
COMMIT;

-- name: rollback
-- As if nothing had been.
ROLLBACK;

-- name: schema
-- Everything a device keeps. A document is its ``edits`` and its ``updates`` together.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE topics (topic TEXT PRIMARY KEY, incarnation INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE registers (
  topic TEXT NOT NULL, item TEXT NOT NULL, slot TEXT NOT NULL,
  value BLOB NOT NULL, hlc INTEGER NOT NULL, actor TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (topic, item, slot)
) WITHOUT ROWID;
CREATE TABLE outbox (
  number INTEGER PRIMARY KEY, topic TEXT NOT NULL,
  item TEXT NOT NULL, field TEXT NOT NULL, value BLOB NOT NULL, hlc INTEGER NOT NULL
);
CREATE TABLE errands (
  number INTEGER PRIMARY KEY, topic TEXT NOT NULL,
  item TEXT NOT NULL, name TEXT NOT NULL, params BLOB NOT NULL, hlc INTEGER NOT NULL
);
CREATE TABLE edits (number INTEGER PRIMARY KEY, topic TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE updates (number INTEGER PRIMARY KEY, topic TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX updates_by_topic ON updates (topic, number);
PRAGMA application_id = 1953459826;
PRAGMA user_version = 1;

-- name: all_meta
-- Who this device is.
SELECT key, value FROM meta;

-- name: claimed_token
-- The token that was claimed.
SELECT value FROM meta WHERE key = 'token';

-- name: put_meta
-- One thing to know of it.
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: forget_meta
-- One thing that is no longer so.
DELETE FROM meta WHERE key = ?;

-- name: highest_stamps
-- The latest stamp known to be with the hub, and the latest of those that wait for it.
SELECT (SELECT coalesce(max(hlc), 0) FROM registers),
  max((SELECT coalesce(max(hlc), 0) FROM outbox), (SELECT coalesce(max(hlc), 0) FROM errands));

-- name: topic
-- What is held of a topic.
SELECT incarnation, seq FROM topics WHERE topic = ?;

-- name: put_topic
-- Up to where a topic is held.
INSERT INTO topics (topic, incarnation, seq) VALUES (?, ?, ?)
ON CONFLICT (topic) DO UPDATE SET incarnation = excluded.incarnation, seq = excluded.seq;

-- name: registers
-- A ledger as the hub relayed it.
SELECT item, slot, value, hlc, actor, seq FROM registers WHERE topic = ?;

-- name: put_register
-- The statement that stands in a register.
INSERT INTO registers (topic, item, slot, value, hlc, actor, seq) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (topic, item, slot) DO UPDATE
SET value = excluded.value, hlc = excluded.hlc, actor = excluded.actor, seq = excluded.seq;

-- name: clear_registers
-- The hub replaced a ledger.
DELETE FROM registers WHERE topic = ?;

-- name: forget_item
-- An item that moved to the hub's history.
DELETE FROM registers WHERE topic = ? AND item = ?;

-- name: outbox
-- Which statements the hub has not answered, in order.
SELECT number, topic FROM outbox ORDER BY number;

-- name: outbox_of
-- Those of one ledger.
SELECT number, topic, item, field, value, hlc FROM outbox WHERE topic = ? ORDER BY number;

-- name: put_statement
-- One of them; entered again with a lower stamp.
INSERT INTO outbox (number, topic, item, field, value, hlc) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET hlc = excluded.hlc;

-- name: drop_statement
-- It was answered, or a later one stands for it.
DELETE FROM outbox WHERE number = ?;

-- name: errands
-- Every command the hub has not answered, in order.
SELECT number, topic, item, name, params, hlc FROM errands ORDER BY number;

-- name: put_errand
-- One of them; entered again with a lower stamp.
INSERT INTO errands (number, topic, item, name, params, hlc) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET hlc = excluded.hlc;

-- name: drop_errand
-- It was answered, or a later one stands for it.
DELETE FROM errands WHERE number = ?;

-- name: edits
-- Which edits of documents the hub has not answered, in order.
SELECT number, topic FROM edits ORDER BY number;

-- name: edits_of
-- Those of one document.
SELECT number, body FROM edits WHERE topic = ? ORDER BY number;

-- name: put_edit
-- One of them.
INSERT INTO edits (number, topic, body) VALUES (?, ?, ?);

-- name: drop_edit
-- It was answered.
DELETE FROM edits WHERE number = ?;

-- name: updates
-- A document as the hub has it, in order.
SELECT body FROM updates WHERE topic = ? ORDER BY number;

-- name: put_update
-- What it was brought.
INSERT INTO updates (topic, body) VALUES (?, ?);

-- name: clear_updates
-- The hub replaced a document, or one update stands for all.
DELETE FROM updates WHERE topic = ?;
