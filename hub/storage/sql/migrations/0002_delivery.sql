-- Delivery: events in an order of their own, deliveries with all that their next step depends on, a chained audit.

ALTER TABLE events RENAME TO events_1;

-- number is the order in which events happened: it only grows, may skip, and is never given out again, so that
-- whoever has read up to a number has missed nothing. attempt is 0 for notifications. The last key is what makes
-- a fact happen once; it begins with the item because items named by time then lie next to each other.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    topic TEXT NOT NULL,
    item TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT,
    at INTEGER NOT NULL,
    UNIQUE (item, topic, attempt, type)
);

INSERT INTO events (id, type, topic, item, attempt, status, at)
SELECT id, type, topic, item, attempt, status, at FROM events_1 ORDER BY rowid;

DROP TABLE events_1;

CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_topic ON events (topic);
CREATE INDEX events_by_time ON events (at);

DROP TABLE deliveries;

-- number is the order of creation; event is an event's number, topic and item are that event's. due, since,
-- leased_until and ended_at in ms. bodies: a msgpack list of the bytes rendered at the first lease, which every
-- retry sends; null before. said: SHA-256 of bodies, which outlives them. rendered_by: the kind of channel that
-- rendered them.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL,
    topic TEXT NOT NULL,
    item TEXT NOT NULL,
    channel TEXT NOT NULL,
    route TEXT NOT NULL,
    user TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'leased', 'sent', 'partial', 'suppressed', 'dead')),
    due INTEGER NOT NULL,
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    bodies BLOB,
    said BLOB,
    rendered_by TEXT NOT NULL DEFAULT '',
    part INTEGER NOT NULL DEFAULT 0,
    unsure INTEGER NOT NULL DEFAULT 0,
    forced INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER,
    error TEXT,
    ref TEXT,
    ended_at INTEGER,
    UNIQUE (event, channel, user)
);

-- What waits, in order, and nothing else: its size is that of the backlog. With the state in it, counting needs
-- no look at the rows.
CREATE INDEX deliveries_pending ON deliveries (state, channel, due) WHERE state = 'pending';

-- For lists, newest first: an index ends with the number.
CREATE INDEX deliveries_by_state ON deliveries (state);
CREATE INDEX deliveries_by_channel ON deliveries (channel);
CREATE INDEX deliveries_by_topic ON deliveries (topic);
CREATE INDEX deliveries_by_item ON deliveries (item);

-- A delivery with its event, as it is read. The cross join begins with the delivery, whatever the statistics say.
CREATE VIEW delivery_rows AS
SELECT
    d.number, d.id,
    e.id AS event_id, e.type, d.topic, d.item, e.attempt, e.status, e.at, d.event,
    d.channel, d.route, d.user, d.state, d.due, d.since, d.attempts, d.retries, d.bodies,
    d.rendered_by, d.part, d.unsure, d.forced, d.leased_until, d.error, d.ref, d.ended_at
FROM deliveries AS d CROSS JOIN events AS e ON e.number = d.event;

DROP TABLE audit;

-- One line a call or an operator's act, never what a message said. hash is the SHA-256 that chains a line to
-- the one before it (hub/telemetry/audit.py).
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    channel TEXT NOT NULL,
    host TEXT NOT NULL,
    recipient TEXT NOT NULL,
    size INTEGER NOT NULL,
    body TEXT NOT NULL,
    masked TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash TEXT NOT NULL
);
