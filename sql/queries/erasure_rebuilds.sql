-- Tables that a rebuild has left, or is making now.
SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_rebuilt')
