"""Cassettes, the bundled fictional web, and what measures the agent on them."""
