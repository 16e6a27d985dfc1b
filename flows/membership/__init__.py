"""Who is in which saved segment, and since when: pure (docs/architecture.md, "Segments that fire")."""
