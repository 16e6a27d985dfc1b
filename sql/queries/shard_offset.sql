-- How far the log of a partition has been applied.
SELECT max(to_offset) AS to_offset FROM commits WHERE partition = {partition:UInt16}
