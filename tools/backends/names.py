"""The names of the search backends, apart, so that a shell that completes them waits for nothing."""

BACKENDS = (
    *("duckduckgo", "brave", "tavily", "serper", "google", "searxng", "wikipedia"),
    *("corpus:FILE", "frozen:FILE"),
)
"""Those of our own; installed packages may add others (see plugins)."""
