SELECT max(version) AS version FROM sites WHERE site_id = {site_id:String}
