-- A visitor's row is its whole state: read by Live, by reports, and by a flow worker that starts.
-- Parts of a flush are compact (up to 64 MB): with so many columns that costs a third less to write.
-- '' is absent; epoch 0 in an array is never; arrays of one prefix have one length.
CREATE TABLE visitors
(
    site_id              LowCardinality(String),
    visitor_id           String,
    shard                UInt16,
    version              UInt64,        -- log offset of the last record applied
    key_hash             UInt64,        -- 64 bits of site_id/visitor_id (flows/visitors/seen.py)
    first_seen           DateTime64(3, 'UTC'),
    last_seen            DateTime64(3, 'UTC'),
    -- device: of the last event that tells one
    environment          LowCardinality(String),
    os                   LowCardinality(String),
    browser              LowCardinality(String),
    app_version          LowCardinality(String),
    device_at            DateTime64(3, 'UTC'),
    device_event         String,
    -- page now: of the last event with a url
    page_url             String,
    page_title           String,
    page_item            String,
    page_at              DateTime64(3, 'UTC'),
    page_event           String,
    -- acquisition: entry of the first visit and of the latest
    first_landing_page   String,
    first_referrer       String,
    first_search_keyword String,
    first_channel        LowCardinality(String),
    first_utm_source     String,
    first_utm_medium     String,
    first_utm_campaign   String,
    first_utm_term       String,
    first_utm_content    String,
    landing_page         String,
    referrer             String,
    search_keyword       String,
    channel              LowCardinality(String),
    utm_source           String,
    utm_medium           String,
    utm_campaign         String,
    utm_term             String,
    utm_content          String,
    -- lifetime
    visits               UInt32,
    pageviews            UInt32,
    stay_ms              UInt64,
    cart_adds            UInt32,        -- add_to_cart events
    orders               UInt32,
    units                Int64,
    revenue              Int64,
    largest_order        Nullable(Int64),
    last_order_at        Nullable(DateTime64(3, 'UTC')),
    last_viewed_at       Nullable(DateTime64(3, 'UTC')),
    last_carted_at       Nullable(DateTime64(3, 'UTC')),
    -- visits of the last 8 days, oldest first; the last one is the present or latest visit
    visit_start          Array(DateTime64(3, 'UTC')),
    visit_end            Array(DateTime64(3, 'UTC')),
    visit_pageviews      Array(UInt32),
    visit_cart_adds      Array(UInt32),
    visit_orders         Array(UInt32),
    visit_units          Array(Int64),
    visit_revenue        Array(Int64),
    visit_landing_page   Array(String),
    visit_referrer       Array(String),
    visit_search_keyword Array(String),
    visit_channel        Array(String),
    visit_utm_source     Array(String),
    visit_utm_medium     Array(String),
    visit_utm_campaign   Array(String),
    visit_utm_term       Array(String),
    visit_utm_content    Array(String),
    visit_entry_at       Array(DateTime64(3, 'UTC')),
    visit_entry_event    Array(String),
    -- products viewed or added (60 days) or bought (for ever), by item_id
    product_item         Array(String),
    product_category     Array(String),
    product_category_at  Array(DateTime64(3, 'UTC')),
    product_views        Array(UInt32),
    product_viewed_at    Array(DateTime64(3, 'UTC')),
    product_adds         Array(UInt32),  -- units added to the cart
    product_carted_at    Array(DateTime64(3, 'UTC')),
    product_units        Array(Int64),   -- units bought, net of refunds
    product_bought_at    Array(DateTime64(3, 'UTC')),
    -- internal searches of the last 60 days, by term
    search_term          Array(String),
    search_at            Array(DateTime64(3, 'UTC')),
    -- cart now, by item_id
    cart_value           Int64,
    cart_units           UInt32,
    cart_item            Array(String),
    cart_category        Array(String),
    cart_quantity        Array(UInt32),
    cart_price           Array(Int64),   -- last known price of one
    cart_added_at        Array(DateTime64(3, 'UTC')),
    -- cart operations of the last 8 days, by item, time and event: what the cart is folded from
    op_item              Array(String),  -- '' is every item
    op_at                Array(DateTime64(3, 'UTC')),
    op_event             Array(String),
    op_kind              Array(UInt8),   -- 0 add or remove, 1 empty, 2 folded from older ones
    op_delta             Array(Int32),
    op_price             Array(Int64),   -- -1: not told
    op_visit_end         Array(DateTime64(3, 'UTC')),
    -- orders owned, by time and id
    order_id             Array(String),
    order_at             Array(DateTime64(3, 'UTC')),
    order_version        Array(UInt64),
    order_counted        Array(UInt8),   -- 0: fully refunded, or owned by another visitor after all
    order_units          Array(Int64),
    order_revenue        Array(Int64),
    order_visit_end      Array(DateTime64(3, 'UTC')),  -- of the visit it belongs to; its own time when that visit is folded away
    -- lines of those orders
    bought_order         Array(UInt32),  -- index into order_*, from 0
    bought_item          Array(String),
    bought_category      Array(String),
    bought_units         Array(Int64),   -- net of refunds
    bought_visit_end     Array(DateTime64(3, 'UTC'))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, visitor_id)
SETTINGS index_granularity = 1024, min_bytes_for_wide_part = 67108864
