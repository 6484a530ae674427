"""Programs that die at a chosen file operation, and what must be left of their work."""
