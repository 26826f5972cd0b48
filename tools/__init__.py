"""What touches the outside: search backends, page reading, the one safe HTTP client, and the family of errors."""
