"""The terminal: one file per family of commands."""
