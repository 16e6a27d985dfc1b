CREATE TABLE orders_rebuilt AS orders
