"""The way out: which addresses may be reached, the one safe HTTP client, and how politely it behaves."""
