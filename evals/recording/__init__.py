"""Cassettes: recording a run's search, pages and model, and playing them again."""
