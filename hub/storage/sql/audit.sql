-- The audit.

-- name: last_line
-- The newest line.
SELECT number, hash FROM audit WHERE number = (SELECT max(number) FROM audit);

-- name: anchor
-- The last line that was dropped, which the oldest kept one is chained to: its number, a blank, its hash.
SELECT value FROM meta WHERE key = 'audit_anchor';

-- name: put_anchor
-- The audit begins after this line.
INSERT INTO meta (key, value) VALUES ('audit_anchor', ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: add_line
-- A line is only ever added.
INSERT INTO audit (
    number, at, actor, action, subject, channel, host, recipient, size, body, masked, outcome, hash
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: lines
-- A page of the audit, oldest first.
SELECT number, at, actor, action, subject, channel, host, recipient, size, body, masked, outcome, hash
FROM audit WHERE number > ? ORDER BY number LIMIT ?;

-- name: drop_lines
-- Lines that have had their time, from the front: the chain stays whole.
DELETE FROM audit WHERE number <= ?;
