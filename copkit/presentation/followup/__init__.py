"""The document of a follow-up: a year of a roadmap against the one before."""
