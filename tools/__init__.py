"""What touches the outside: search backends, page reading, the one safe HTTP client, and the family of errors."""

if "." not in __name__:
    raise ImportError("this folder is installed as spadework.tools: pip install -e . and import spadework.tools")
