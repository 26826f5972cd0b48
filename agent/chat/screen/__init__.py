"""The screen of a running question: a live region, from events to rows, and the few lines that stay."""
