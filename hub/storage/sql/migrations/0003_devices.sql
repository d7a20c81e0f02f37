-- Devices: named is 1 once a person gave the name; what the device calls itself then changes nothing.

ALTER TABLE devices ADD COLUMN named INTEGER NOT NULL DEFAULT 0 CHECK (named IN (0, 1));
