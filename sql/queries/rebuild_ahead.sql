-- Rows of a shard's visitors and people written by a flush that was cut short before its commit, and how many there are in all.
SELECT countIf(version > {committed:UInt64}) AS ahead, count() AS visitors FROM visitors FINAL WHERE shard = {shard:UInt16} AND NOT gone
