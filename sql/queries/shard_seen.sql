-- Dedup keys of a shard's events of the last days of its log that a commit covers; later ones are read again.
SELECT DISTINCT dedup_key
FROM events
WHERE shard = {shard:UInt16} AND log_offset <= {offset:UInt64}
  AND received_at >= (
    SELECT max(received_at) FROM events WHERE shard = {shard:UInt16} AND log_offset <= {offset:UInt64}
  ) - INTERVAL 8 DAY
