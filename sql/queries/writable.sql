-- Whether rows can be written: the user's right to, and replicas that lost Keeper.
SELECT
    getSetting('readonly') AS user_is_read_only,
    (SELECT count() FROM system.replicas WHERE database = currentDatabase() AND is_readonly) AS read_only_replicas
