-- How far the log of transitions was read: everything up to there stands in `deliveries`, as far as a hook asks for it.
CREATE TABLE dispatch_positions
(
    partition UInt16,
    version   UInt64,
    position  UInt64  -- offset in the log
)
ENGINE = ReplacingMergeTree(version)
ORDER BY partition
