-- Traits of a site, deleted ones included, by name.
SELECT name, toString(type) AS type, label_ko, label_en, toUnixTimestamp64Milli(created_at) AS created_at, version, deleted
FROM traits FINAL
WHERE site_id = {site_id:String}
ORDER BY name
