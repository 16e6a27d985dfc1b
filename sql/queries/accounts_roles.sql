-- Roles of one user, or of everybody at one site, or all ('' for any). Those that were taken away have role ''.
SELECT user_id, site_id, role, version
FROM user_roles FINAL
WHERE ({user_id:String} = '' OR user_id = {user_id:String}) AND ({site_id:String} = '' OR site_id = {site_id:String})
ORDER BY user_id, site_id
