-- Dedup keys of a shard's events of the last days of its log that a commit covers; later ones are read again. The last days
-- end with the newest event that is not from the future: a sender's clock that ran ahead must not make all others old.
SELECT DISTINCT dedup_key
FROM events
WHERE shard = {shard:UInt16} AND log_offset <= {offset:UInt64}
  AND received_at >= (
    SELECT if(
        countIf(received_at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')) > 0,
        maxIf(received_at, received_at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')),
        max(received_at)
      )
    FROM events WHERE shard = {shard:UInt16} AND log_offset <= {offset:UInt64}
  ) - INTERVAL 8 DAY
