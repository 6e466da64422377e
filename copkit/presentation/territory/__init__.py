"""The document of a territory."""
