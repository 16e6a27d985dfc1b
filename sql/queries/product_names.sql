SELECT item_id, item_name
FROM products FINAL
WHERE site_id = {site_id:String} AND item_id IN {item_ids:Array(String)}
