"""Cassettes, the bundled fictional web, and what measures the agent on them."""

if "." not in __name__:
    raise ImportError("this folder is installed as spadework.evals: pip install -e . and import spadework.evals")
