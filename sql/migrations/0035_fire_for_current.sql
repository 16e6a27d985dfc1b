-- Whether those who match a version when it takes effect enter it like everybody after them.
ALTER TABLE segments ADD COLUMN IF NOT EXISTS fire_for_current Bool AFTER deleted
