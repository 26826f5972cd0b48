"""The one family of errors.

SpadeworkError
├── ConfigError    an argument, option or setting that cannot be used
├── ToolError      a search or a page read that failed; the model reads its text
├── ModelError     a chat model that failed or answered nonsense
├── StoreError     stored runs that cannot be read or written
└── CassetteError  a recording that is missing, unreadable or does not hold the request

Each carries what it is about as data; its text is one line: what happened, the value, what to do.
Running out of budget is not an error: it is a result.
"""

from typing import Literal

ToolFailure = Literal[
    "blocked", "unreachable", "timeout", "status", "too_large", "redirects", "unreadable", "not_found", "bad_reply"
]
ModelFailure = Literal["unreachable", "timeout", "status", "rejected", "bad_reply", "cancelled"]


class SpadeworkError(Exception):
    """Base of every error that Spadework raises on purpose."""


class ConfigError(SpadeworkError):
    """An argument, option or setting that cannot be used: nothing was started and nothing was spent."""


class ToolError(SpadeworkError):
    """A search or a page read that failed.

    `sent` is False when no request left this machine (refused address, no connection): such a call is free.
    `attempts` counts the HTTP requests that were made for it, retries included.
    """

    def __init__(
        self,
        text: str,
        *,
        kind: ToolFailure,
        sent: bool,
        url: str = "",
        status: int | None = None,
        attempts: int = 1,
    ) -> None:
        super().__init__(text)
        self.kind: ToolFailure = kind
        self.sent = sent
        self.url = url
        self.status = status
        self.attempts = attempts


class ModelError(SpadeworkError):
    """A chat model that could not be reached, refused the request, or answered something unreadable.

    `sent` is False when no request left this machine. `retry_after` is in seconds, where the server named it.
    `usage` holds what the server reported of a reply that could not be read, so that it is still charged.
    """

    def __init__(
        self,
        text: str,
        *,
        kind: ModelFailure,
        sent: bool,
        status: int | None = None,
        retry_after: float | None = None,
        usage: "tuple[int, ...] | None" = None,
    ) -> None:
        super().__init__(text)
        self.kind: ModelFailure = kind
        self.sent = sent
        self.status = status
        self.retry_after = retry_after
        self.usage = usage

    @property
    def retryable(self) -> bool:
        """Whether the same request may well work a moment later."""
        if self.kind in ("unreachable", "timeout"):
            return True
        return self.kind == "status" and (self.status == 429 or (self.status or 0) >= 500)


class StoreError(SpadeworkError):
    """Stored runs, charges or purses that cannot be read or written; without that nothing more is spent."""


class CassetteError(SpadeworkError):
    """A recording that is missing, cannot be read, or does not hold the request that was made."""
