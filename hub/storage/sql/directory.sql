-- Users and members.

-- name: user
-- One user.
SELECT user, name, created_at FROM users WHERE user = ?;

-- name: users_after
-- A page of users, by name.
SELECT user, name, created_at FROM users WHERE user > ? ORDER BY user LIMIT ?;

-- name: create_user
-- A user who is known already stays as they are.
INSERT INTO users (user, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: rename_user
-- The name shown to people.
UPDATE users SET name = ? WHERE user = ?;

-- name: drop_user
-- The user alone; memberships and devices have their own statements.
DELETE FROM users WHERE user = ?;

-- name: void_tokens
-- Tokens issued before that time are void; what is void stays so.
INSERT INTO void_tokens (user, issued_before) VALUES (?, ?)
ON CONFLICT (user) DO UPDATE SET issued_before = max(issued_before, excluded.issued_before);

-- name: void_before
-- The time before which a user's tokens are void.
SELECT issued_before FROM void_tokens WHERE user = ?;

-- name: drop_memberships
-- Everything a user was a member of.
DELETE FROM members WHERE user = ?;

-- name: members
-- Who may read or write a space or document.
SELECT user, access FROM members WHERE topic = ?;

-- name: create_member
-- A member who is known already keeps their access.
INSERT INTO members (topic, user, access) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: change_member
-- The access of a member.
UPDATE members SET access = ? WHERE topic = ? AND user = ?;

-- name: drop_member
-- One membership.
DELETE FROM members WHERE topic = ? AND user = ?;
