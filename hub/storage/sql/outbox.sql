-- Events and their deliveries.

-- name: add_event
-- A fact that is known already stays as it is.
INSERT INTO events (id, type, topic, item, attempt, status, at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: add_delivery
-- Only for an event that was taken: a fact that was known already brings no second delivery.
INSERT INTO deliveries (id, event, topic, item, channel, route, user, due, since)
SELECT ?1, number, topic, item, ?3, ?4, ?5, ?6, at FROM events WHERE id = ?2
ON CONFLICT DO NOTHING;

-- name: record
-- How a delivery stands. What has ended stays; since and forced are not the dispatcher's to change.
UPDATE deliveries SET
    state = ?, due = ?, attempts = ?, retries = ?, bodies = ?, said = ?,
    rendered_by = ?, part = ?, unsure = ?, leased_until = ?, error = ?, ref = ?, ended_at = ?
WHERE id = ? AND state IN ('pending', 'leased');

-- name: take_over
-- Leases of a process that is gone: nobody knows whether the call was taken.
UPDATE deliveries SET state = 'pending', due = ?, unsure = 1, leased_until = NULL
WHERE state = 'leased';

-- name: due
-- What a channel should send by now, in order.
SELECT * FROM delivery_rows
WHERE state = 'pending' AND channel = ? AND due <= ? ORDER BY due, number LIMIT ?;

-- name: next_due
-- When a channel's next delivery is due; null where it has none.
SELECT min(due) FROM deliveries WHERE state = 'pending' AND channel = ?;

-- name: not_yet_due
-- What a channel should send later, in order, after a place in that order.
SELECT * FROM delivery_rows
WHERE state = 'pending' AND channel = ? AND (due, number) > (?, ?) ORDER BY due, number LIMIT ?;

-- name: twin
-- Another delivery of the same event by the same channel that says the same and went out, is about to, or may
-- have gone out as a whole or in part.
SELECT id FROM deliveries
WHERE event = (SELECT number FROM events WHERE id = ?) AND channel = ?
    AND id <> ? AND said = ?
    AND (state IN ('sent', 'leased') OR (state <> 'suppressed' AND (unsure OR part > 0)))
ORDER BY +number LIMIT 1;

-- name: hasten
-- A pending delivery is due now; one that is due already keeps its place.
UPDATE deliveries SET due = :now WHERE id = :id AND state = 'pending' AND due > :now;

-- name: revive
-- A delivery that ended without success begins anew; what is known taken of it stays taken.
UPDATE deliveries SET
    state = 'pending', due = :now, since = :now, retries = 0, forced = 1, bodies = NULL, said = NULL,
    leased_until = NULL, error = NULL, ended_at = NULL
WHERE id = :id AND state IN ('dead', 'suppressed', 'partial');

-- name: shift
-- The wall clock jumped: what is on its way moves with it.
UPDATE deliveries SET due = due + ?1, since = since + ?1 WHERE state IN ('pending', 'leased');

-- name: delivery
-- One delivery.
SELECT * FROM delivery_rows WHERE id = ?;

-- name: deliveries
-- A page of all deliveries, newest first.
SELECT * FROM delivery_rows WHERE number < :before ORDER BY number DESC LIMIT :limit;

-- name: deliveries_of_event
-- A page of an event's deliveries, newest first.
SELECT * FROM delivery_rows
WHERE event = (SELECT number FROM events WHERE id = :event) AND number < :before
    AND (:item IS NULL OR item = :item) AND (:topic IS NULL OR topic = :topic)
    AND (:state IS NULL OR state = :state) AND (:channel IS NULL OR channel = :channel)
ORDER BY number DESC LIMIT :limit;

-- name: deliveries_of_item
-- A page of the deliveries for an item, newest first.
SELECT * FROM delivery_rows
WHERE item = :item AND number < :before
    AND (:topic IS NULL OR topic = :topic)
    AND (:state IS NULL OR state = :state) AND (:channel IS NULL OR channel = :channel)
ORDER BY number DESC LIMIT :limit;

-- name: deliveries_of_topic
-- A page of the deliveries for a topic, newest first.
SELECT * FROM delivery_rows
WHERE topic = :topic AND number < :before
    AND (:state IS NULL OR state = :state) AND (:channel IS NULL OR channel = :channel)
ORDER BY number DESC LIMIT :limit;

-- name: deliveries_in_state
-- A page of the deliveries in a state, newest first.
SELECT * FROM delivery_rows
WHERE state = :state AND number < :before
    AND (:channel IS NULL OR channel = :channel)
ORDER BY number DESC LIMIT :limit;

-- name: deliveries_by_channel
-- A page of a channel's deliveries, newest first.
SELECT * FROM delivery_rows
WHERE channel = :channel AND number < :before
ORDER BY number DESC LIMIT :limit;

-- name: waiting
-- How many deliveries are on their way, by channel: the backlog's own index, and the few that are leased.
SELECT channel, count(*) FROM deliveries WHERE state = 'pending' GROUP BY channel
UNION ALL
SELECT channel, count(*) FROM deliveries WHERE state = 'leased' GROUP BY channel;

-- name: event
-- One event.
SELECT id, type, topic, item, attempt, status, at, number FROM events WHERE id = ?;

-- name: events
-- A page of all events, in order.
SELECT id, type, topic, item, attempt, status, at, number FROM events
WHERE number > :after ORDER BY number LIMIT :limit;

-- name: events_of_item
-- A page of an item's events, in order; they are few, and sorted.
SELECT id, type, topic, item, attempt, status, at, number FROM events
WHERE item = :item AND +number > :after
    AND (:topic IS NULL OR topic = :topic) AND (:type IS NULL OR type = :type)
ORDER BY +number LIMIT :limit;

-- name: events_of_topic
-- A page of a topic's events, in order.
SELECT id, type, topic, item, attempt, status, at, number FROM events
WHERE topic = :topic AND number > :after
    AND (:type IS NULL OR type = :type)
ORDER BY number LIMIT :limit;

-- name: events_of_type
-- A page of one type's events, in order.
SELECT id, type, topic, item, attempt, status, at, number FROM events
WHERE type = :type AND number > :after ORDER BY number LIMIT :limit;

-- name: last_event
-- The number of the newest event, null for none.
SELECT max(number) FROM events;

-- name: past_events
-- Events that have had their time and of which nothing is on its way any more, oldest first.
SELECT number FROM events
WHERE at < ? AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE event = events.number AND state IN ('pending', 'leased')
)
ORDER BY at LIMIT ?;

-- name: drop_deliveries
-- An event's deliveries.
DELETE FROM deliveries WHERE event = ?;

-- name: drop_event
-- An event.
DELETE FROM events WHERE number = ?;
