-- What every connection and every transaction needs.

-- name: begin_write
-- Takes the write lock at once, so that a transaction never fails half-way for want of it.
BEGIN IMMEDIATE;

-- name: begin_read
-- The snapshot is taken by the first statement that reads, and stands until the commit.
BEGIN DEFERRED;

-- name: commit
-- Ends a transaction; for a write it returns after the WAL is on disk (durability_full).
COMMIT;

-- name: rollback
-- Ends a transaction that failed; nothing of it stays.
ROLLBACK;

-- name: durability_full
-- The WAL is synced at every commit: what is acknowledged survives a loss of power.
PRAGMA synchronous = FULL;

-- name: durability_normal
-- The WAL is synced at checkpoints only: a loss of power takes the last commits with it. For tests.
PRAGMA synchronous = NORMAL;

-- name: settings
-- busy_timeout: ms to wait for a foreign tool (the sqlite3 shell) that holds the lock.
-- wal_autocheckpoint: in pages, 256 MiB: a safety net; checkpoints run beside the commits (Database).
-- journal_size_limit: bytes of WAL kept when it starts over. Not 0: overwriting blocks that are already
-- allocated lets fdatasync skip the file's metadata.
-- secure_delete: deleted content is zeroed where that costs no write.
-- mmap_size: off: a bad disk block would be a SIGBUS instead of an error.
PRAGMA busy_timeout = 5000;
PRAGMA wal_autocheckpoint = 65536;
PRAGMA journal_size_limit = 67108864;
PRAGMA secure_delete = FAST;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;

-- name: patience
-- ms to wait for whoever holds a lock. For readers beside the hub.
PRAGMA busy_timeout = 5000;

-- name: writer_cache
-- 16 MiB: the inner pages of some million registers, and what one folding step makes dirty.
PRAGMA cache_size = -16384;

-- name: reader_cache
-- 16 MiB: a turn reads single keys, mostly of the same inboxes.
PRAGMA cache_size = -16384;

-- name: scanner_cache
-- 4 MiB: a sweep reads each page once.
PRAGMA cache_size = -4096;

-- name: read_only
-- A connection for reading refuses to write, whatever it is asked.
PRAGMA query_only = ON;

-- name: rollback_journal
-- For migrations: the file's header then always tells its version, with nothing left in a WAL.
PRAGMA journal_mode = DELETE;

-- name: write_ahead_log
-- Readers don't wait for the writer, nor it for them. Answers the mode that came to be.
PRAGMA journal_mode = WAL;

-- name: checkpoint
-- Copies what is in the WAL into the file as far as no reader needs it; waits for nobody.
PRAGMA wal_checkpoint(PASSIVE);

-- name: identity
-- Which program's file this is, its version, and whether it holds anything.
SELECT
    (SELECT application_id FROM pragma_application_id) AS application,
    (SELECT user_version FROM pragma_user_version) AS version,
    (SELECT count(*) FROM sqlite_master) AS objects;

-- name: put_meta
-- One fact about this data folder.
INSERT INTO meta (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: journal_span
-- First and last journal number, null where it is empty; two probes, not a count.
SELECT (SELECT min(number) FROM journal), (SELECT max(number) FROM journal);
