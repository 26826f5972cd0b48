"""How statuses, ends and proofs are told to people, in the terminal and on pages."""

STATUS = {
    "verified": "verified: quotes from pages prove every part",
    "supported": "supported: every part is satisfied, some only by a snippet or an inference",
    "unverified": "unverified: the best answer there is; not every part could be proven",
    "none": "no answer was found",
}
STOPPED = {
    "answered": "answered",
    "budget": "stopped: the budget ran out",
    "no_leads": "stopped: further search brought nothing better",
    "no_search_needed": "answered without a search",
    "cancelled": "stopped: cancelled",
    "error": "stopped: something failed",
}
NOT_LOOKED_UP = "not looked up"
"""How a reply stands for which nothing was searched: small talk, or what was said about the conversation."""
PROOFS = {"page": "page", "snippet": "snippet only", "inference": "unchecked inference"}
SOURCES = {"snippet": "quoted from the search result", "read": "read, not quoted"}
"""Behind sources that are no pages with quotes; the page of a search result may have been read, and not say so."""
