-- One user's data: shown whole, or removed. What is a space's is found by its name: space/… lies below space0.

-- name: is_known
-- Whether there is anything of a user, by what would be first.
SELECT
    EXISTS (SELECT 1 FROM users WHERE user = :user),
    EXISTS (SELECT 1 FROM topics WHERE topic = :topic),
    EXISTS (SELECT 1 FROM journal WHERE topic = :topic),
    EXISTS (SELECT 1 FROM devices WHERE user = :user),
    EXISTS (SELECT 1 FROM members WHERE user = :user);

-- name: person
-- The user as people see them.
SELECT user, name, created_at FROM users WHERE user = ?;

-- name: void_before
-- Their tokens issued before that time are void.
SELECT issued_before FROM void_tokens WHERE user = ?;

-- name: devices
-- Their devices, oldest first.
SELECT device, name, platform, created_at, seen_at, revoked_at FROM devices
WHERE user = ? ORDER BY created_at, device;

-- name: memberships
-- What they are a member of.
SELECT topic, access FROM members WHERE user = ? ORDER BY topic;

-- name: documents_of_ledger
-- The documents of a ledger's items, whoever wrote them.
SELECT topic FROM topics WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: history
-- A whole topic's history, oldest first.
SELECT topic, item, item_order, moved_at, registers FROM history WHERE topic = ? ORDER BY item_order;

-- name: history_of_spaces
-- All that left the live registers of spaces.
SELECT topic, item, item_order, moved_at, registers FROM history WHERE topic >= 'space/' AND topic < 'space0';

-- name: has_record
-- Whether an item lives.
SELECT 1 FROM registers WHERE topic = ? AND item = ? AND slot = 'item';

-- name: stated_in_spaces
-- What some actors (a JSON list) stated in spaces.
SELECT topic, item, slot, value, hlc, actor, seq, weight FROM registers
WHERE topic >= 'space/' AND topic < 'space0' AND actor IN (SELECT value FROM json_each(?))
ORDER BY topic, item, slot;

-- name: naming_in_spaces
-- What some actors (a JSON list) stated in spaces, and tasks there that are assigned to a user.
SELECT topic, item, slot, value, hlc, actor, seq, weight FROM registers
WHERE topic >= 'space/' AND topic < 'space0'
    AND (actor IN (SELECT value FROM json_each(?)) OR (slot = 'assignee' AND value = ?));

-- name: events
-- The events of a topic, in order.
SELECT id, type, topic, item, attempt, status, at FROM events WHERE topic = ? ORDER BY number;

-- name: deliveries
-- What was, or is to be, sent of a topic, or to a user of what happened in a space.
SELECT id, event_id, topic, item, channel, route, user, state, due, since, attempts, error, ref, ended_at, bodies
FROM delivery_rows WHERE topic = :topic OR (user = :user AND topic >= 'space/' AND topic < 'space0')
ORDER BY number;

-- name: client_ids
-- Under which Yjs client ids they wrote.
SELECT topic, client_id FROM client_ids WHERE user = ? ORDER BY topic, client_id;

-- name: quarantined
-- What they sent and the hub refused for good.
SELECT at, topic, reason, body FROM quarantine WHERE user = :user OR topic = :topic ORDER BY number;

-- name: drop_user
-- Their name.
DELETE FROM users WHERE user = :user;

-- name: drop_devices
-- Their devices.
DELETE FROM devices WHERE user = :user;

-- name: drop_memberships
-- Their memberships.
DELETE FROM members WHERE user = :user;

-- name: drop_registers
-- What stands in their inbox.
DELETE FROM registers WHERE topic = :topic;

-- name: drop_history
-- What left it.
DELETE FROM history WHERE topic = :topic;

-- name: drop_journal
-- What is not folded yet of it; rows of other topics stay.
DELETE FROM journal WHERE topic = :topic;

-- name: drop_topic
-- The inbox itself: should it be made again, it begins a new history.
DELETE FROM topics WHERE topic = :topic;

-- name: disown_deliveries
-- What went out, or may have, to them of what happened in spaces, where another member's copy by the same channel
-- could be the same message: that it did stays known, by its hash alone.
UPDATE deliveries SET
    user = :erased || '.' || id, bodies = NULL, leased_until = NULL,
    unsure = unsure OR state = 'leased',
    error = CASE WHEN state IN ('pending', 'leased') THEN 'the user was erased' ELSE error END,
    ended_at = coalesce(ended_at, :now),
    state = CASE WHEN state IN ('pending', 'leased') THEN iif(part > 0, 'partial', 'dead') ELSE state END
WHERE user = :user AND topic >= 'space/' AND topic < 'space0'
    AND (state IN ('sent', 'leased') OR (state <> 'suppressed' AND (unsure OR part > 0)))
    AND EXISTS (
        SELECT 1 FROM deliveries AS other
        WHERE other.event = deliveries.event AND other.channel = deliveries.channel AND other.user <> :user
    );

-- name: drop_deliveries
-- What was, or was to be, sent of it, and to them of what happened in spaces.
DELETE FROM deliveries
WHERE topic = :topic OR (user = :user AND topic >= 'space/' AND topic < 'space0');

-- name: drop_events
-- What the hub decided in it.
DELETE FROM events WHERE topic = :topic;

-- name: drop_quarantined
-- What they sent and the hub refused for good.
DELETE FROM quarantine WHERE user = :user OR topic = :topic;

-- name: drop_members_of_documents
-- Whom they shared the documents of their inbox with.
DELETE FROM members WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: drop_client_ids_of_documents
-- Who wrote into them.
DELETE FROM client_ids WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: drop_snapshots_of_documents
-- What they hold.
DELETE FROM snapshots WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: drop_updates_of_documents
-- What they hold since.
DELETE FROM updates WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: drop_journal_of_documents
-- What is not folded yet of them.
DELETE FROM journal WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: drop_documents
-- The documents themselves.
DELETE FROM topics WHERE topic = :document OR (topic >= :first AND topic < :end);

-- name: disown_client_ids
-- Nobody else may write under a Yjs client id that was theirs; whose it was is not known any more.
UPDATE client_ids SET user = :erased WHERE user = :user;

-- name: drop_register
-- One register.
DELETE FROM registers WHERE topic = ? AND item = ? AND slot = ?;

-- name: journal_of_spaces
-- What is not folded yet of spaces.
SELECT number, topic, seq, body FROM journal WHERE topic >= 'space/' AND topic < 'space0' ORDER BY number;

-- name: put_journal_body
-- A turn as it is told from now on.
UPDATE journal SET body = ? WHERE number = ?;

-- name: renew_topic
-- Its history is another: whoever holds the former one gets all of it again.
UPDATE topics SET incarnation = ? WHERE topic = ? AND incarnation <> 0;

-- name: renew_journal
-- The same for what is not folded yet.
UPDATE journal SET incarnation = ? WHERE topic = ?;

-- name: begin_scrubbing
-- An erasure took place; its bytes may still be in the files.
INSERT INTO meta (key, value) VALUES ('erasure_to_scrub', '1') ON CONFLICT (key) DO NOTHING;

-- name: to_scrub
-- Whether an erasure was interrupted before its bytes were gone.
SELECT 1 FROM meta WHERE key = 'erasure_to_scrub';

-- name: end_scrubbing
-- The bytes are gone.
DELETE FROM meta WHERE key = 'erasure_to_scrub';

-- name: zero_what_is_deleted
-- Not only where it costs nothing.
PRAGMA secure_delete = ON;

-- name: build_on_disk
-- The compacted copy may be larger than memory.
PRAGMA temp_store = FILE;

-- name: compact
-- The file is written anew from what it still holds.
VACUUM;

-- name: empty_log
-- Everything in the write-ahead log goes into the file, the log becomes empty. Answers (busy, …).
PRAGMA wal_checkpoint(TRUNCATE);
