SELECT site_id, currency FROM sites FINAL
