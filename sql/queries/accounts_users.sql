-- Users that are not deleted, oldest first: all, or one by id or by e-mail ('' for any).
SELECT user_id, email, name, language, password, password_version, toUnixTimestamp64Milli(created_at) AS created, version
FROM users FINAL
WHERE NOT deleted
    AND ({user_id:String} = '' OR user_id = {user_id:String})
    AND ({email:String} = '' OR email = {email:String})
ORDER BY created, user_id
