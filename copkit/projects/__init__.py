"""What territories send: projects read, sorted with rules that explain themselves, and counted."""
