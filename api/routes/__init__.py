"""Routes: parse, call one function, return a schema."""
