-- Which saved segments a person is in, kept by the flow in his row (docs/architecture.md, "Segments that fire"). Empty in rows that are
-- no person's. Arrays of prefix segment_ have one length: the segments he is or was in.
ALTER TABLE visitors
    ADD COLUMN IF NOT EXISTS in_segments     Array(String),                       -- ids of those he is in now
    ADD COLUMN IF NOT EXISTS segment_id      Array(String),
    ADD COLUMN IF NOT EXISTS segment_version Array(UInt32),                       -- by which version he was judged last
    ADD COLUMN IF NOT EXISTS segment_since   Array(DateTime64(3, 'UTC')),         -- since when he is in it; epoch 0: he is not
    ADD COLUMN IF NOT EXISTS segment_entries Array(UInt32),                       -- how often he entered it
    ADD COLUMN IF NOT EXISTS segments_at     DateTime64(3, 'UTC'),                -- when he was judged last; epoch 0: never
    ADD COLUMN IF NOT EXISTS segments_basis  DateTime64(3, 'UTC'),                -- definitions that took effect until then are applied
    ADD COLUMN IF NOT EXISTS segments_due    DateTime64(3, 'UTC')                 -- when he has to be judged again; epoch 0: never
