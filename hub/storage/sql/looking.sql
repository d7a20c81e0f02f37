-- What an operator asks of the outbox beside the hub.

-- name: backlog
-- Deliveries that are on their way or dead, by channel: how many, how many should have left, since when.
SELECT channel, state = 'dead', count(*), sum(due < :late), min(since) FROM deliveries
WHERE state IN ('pending', 'leased', 'dead') GROUP BY channel, state = 'dead' ORDER BY channel;
