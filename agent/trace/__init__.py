"""Traces: what happened in a run as JSON lines, and as one page to look at."""
