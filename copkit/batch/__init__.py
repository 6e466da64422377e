"""One notebook, many territories: execution, export, index."""
