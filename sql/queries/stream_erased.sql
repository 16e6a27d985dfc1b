-- How many people of a site are deleted from every table.
SELECT count() AS erased
FROM erasures FINAL
WHERE site_id = {site_id:String} AND state IN ('settling', 'done')
