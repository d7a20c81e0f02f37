-- Devices.

-- name: device
-- One device.
SELECT device, user, name, platform, created_at, seen_at, revoked_at, named FROM devices WHERE device = ?;

-- name: devices_of_user
-- All devices of a user, oldest first.
SELECT device, user, name, platform, created_at, seen_at, revoked_at, named FROM devices
WHERE user = ? ORDER BY created_at, device;

-- name: put_device
-- A known device keeps its owner, its age, its revocation and a name that a person gave it; another owner's word
-- changes nothing.
INSERT INTO devices (device, user, name, platform, created_at, seen_at, revoked_at, named)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (device) DO UPDATE SET
    name = CASE WHEN named THEN name ELSE excluded.name END, platform = excluded.platform, seen_at = excluded.seen_at
WHERE user = excluded.user;

-- name: rename_device
-- By a person.
UPDATE devices SET name = ?, named = 1 WHERE device = ?;

-- name: revoke_device
-- A revocation is never moved nor lifted.
UPDATE devices SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL;

-- name: revoke_devices_of_user
-- All that are not revoked yet.
UPDATE devices SET revoked_at = ? WHERE user = ? AND revoked_at IS NULL;
