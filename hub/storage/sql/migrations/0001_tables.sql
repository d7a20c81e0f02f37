-- The first tables. Run inside one transaction by hub/storage/migrations.py, which sets user_version.
-- Names are bytes (no collation): order is the order of UTF-8, the same as Python's.

PRAGMA application_id = 1953459815; -- "tong": tells this file from any other SQLite file

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('created_at', strftime('%s', 'now') || '000');

-- The commit: one row a topic and turn. The number is the rowid, so a turn appends to the last page.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- incarnation 0: only the floor is known as yet, the topic itself is still in the journal.
CREATE TABLE topics (
    topic TEXT PRIMARY KEY,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    items INTEGER NOT NULL,
    live INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    last_order INTEGER NOT NULL
) WITHOUT ROWID;

-- What stands. value is msgpack; the bytes of weight order as the weights do.
CREATE TABLE registers (
    topic TEXT NOT NULL,
    item TEXT NOT NULL,
    slot TEXT NOT NULL,
    value BLOB NOT NULL,
    hlc INTEGER NOT NULL,
    actor TEXT NOT NULL,
    weight BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (topic, item, slot)
) WITHOUT ROWID;

CREATE INDEX registers_by_seq ON registers (topic, seq);

-- Items that may have had their time: finalized, archived or deleted (x'c3' is msgpack's true), oldest first.
CREATE INDEX registers_ending ON registers (hlc, topic, item)
WHERE slot = 'final' OR (slot IN ('archived', 'deleted') AND value = x'c3');

-- A document's updates above its snapshot; clustered, so that a document is read in one sweep.
CREATE TABLE updates (
    topic TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (topic, seq)
) WITHOUT ROWID;

CREATE TABLE snapshots (
    topic TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE client_ids (
    topic TEXT NOT NULL,
    client_id INTEGER NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (topic, client_id)
) WITHOUT ROWID;

CREATE TABLE users (
    user TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Outlives the user: tokens issued before that time (ms) stay void when the user exists again.
CREATE TABLE void_tokens (
    user TEXT PRIMARY KEY,
    issued_before INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE members (
    topic TEXT NOT NULL,
    user TEXT NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    PRIMARY KEY (topic, user)
) WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user);

CREATE TABLE devices (
    device TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;

CREATE INDEX devices_by_user ON devices (user, created_at);

-- attempt is 0 for notifications. The unique key is what makes a fact happen once.
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    topic TEXT NOT NULL,
    item TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT,
    at INTEGER NOT NULL,
    UNIQUE (topic, item, attempt, type)
);

-- body: the bytes rendered at the first lease, which every retry sends; due and leased_until in ms.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    item TEXT NOT NULL,
    channel TEXT NOT NULL,
    route TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'leased', 'sent', 'partial', 'suppressed', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    leased_until INTEGER,
    body BLOB,
    error TEXT,
    ref TEXT
);

CREATE INDEX deliveries_by_event ON deliveries (event);
CREATE INDEX deliveries_due ON deliveries (due) WHERE state IN ('pending', 'leased');

-- One whole item a row; registers is msgpack {slot: [value, hlc, actor, seq, weight]}.
CREATE TABLE history (
    topic TEXT NOT NULL,
    item TEXT NOT NULL,
    item_order INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    registers BLOB NOT NULL,
    PRIMARY KEY (topic, item)
);

CREATE INDEX history_by_order ON history (topic, item_order);

CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    user TEXT NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL
);
