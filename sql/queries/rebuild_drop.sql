-- What a rebuild that was cut short left, or the tables that were swapped out. Their size is no reason to keep them.
DROP TABLE IF EXISTS {table:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
