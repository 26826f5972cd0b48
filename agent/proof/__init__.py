"""Whether a quote stands in a page, what follows from quotes, and what is proven of each candidate."""
