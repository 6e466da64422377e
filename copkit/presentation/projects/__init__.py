"""The document of a vivier of projects."""
