"""Live as it happens: who watches which question, what changed in the tables since, and telling it (docs/architecture.md, "The stream")."""
