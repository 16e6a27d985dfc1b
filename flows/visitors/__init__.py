"""A shard's state: every visitor's visits, cart, products and orders, as numpy columns. Pure: no IO, no clock."""
