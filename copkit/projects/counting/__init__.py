"""Counting projects: balance, ranking, coverage, crossing with the targets."""
