-- Processes that share the log of transitions, of those that said so in the last {lease} milliseconds.
SELECT process_id
FROM dispatchers FINAL
WHERE alive AND at > now64(3) - toIntervalMillisecond({lease:UInt32})
ORDER BY process_id
