-- A session by the hash of its token.
SELECT token_hash, user_id, password_version, toUnixTimestamp64Milli(created_at) AS created, toUnixTimestamp64Milli(seen_at) AS seen, ended
FROM sessions FINAL
WHERE token_hash = {token_hash:String}
