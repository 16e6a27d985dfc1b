-- One order a site and transaction id, merged from every copy and refund; the state of the transaction's shard.
CREATE TABLE orders
(
    site_id        LowCardinality(String),
    transaction_id String,
    shard          UInt16,
    version        UInt64,              -- log offset of the last fact applied
    key_hash       UInt64,              -- 64 bits of site_id/transaction_id (flows/visitors/seen.py)
    visitor_id     String,              -- owner; '' while only refunds are known
    occurred_at    DateTime64(3, 'UTC'),
    currency       LowCardinality(String),
    value          Int64,               -- before refunds
    refunded       Int64,
    revenue        Int64,               -- value - refunded, in `currency`
    units          Int64,               -- net of refunds
    counted        Bool,                -- false: no purchase yet, or fully refunded
    item_id        Array(String),
    item_category  Array(String),
    item_units     Array(Int64),        -- net of refunds
    facts          String               -- JSON: the copies and refunds it is merged from
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, transaction_id)
