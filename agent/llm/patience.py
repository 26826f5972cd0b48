"""How long a call to a model is waited for: what counts is silence, not how long a slow model writes.

A piece is words, thoughts or a part of a call. All else that comes (comments, pieces with nothing in them) shows that
the server is there, not that the model works: it stretches the wait, and not for ever.
"""

import asyncio

from .wire import Stream, TooSlow

KEPT_ALIVE_S = 600.0
"""A server that says again and again that it is there is borne with for so long from one piece to the next."""


class Patience:
    """The deadline of one call, in the time of the running loop. `whole` is in seconds, over the whole call.

    Without a `stream` the whole call is all that counts.
    """

    def __init__(self, whole: float, stream: Stream | None = None) -> None:
        self._now = asyncio.get_running_loop().time
        self.whole = whole
        self._stream = stream
        self._begun = False
        self._piece = self._sign = self._now()
        self._end = self._piece + whole

    @property
    def deadline(self) -> float:
        """Until when something must have come."""
        return min(self._end, self._silence())

    def alive(self) -> None:
        """Something came, whatever it was."""
        self._sign = self._now()

    def piece(self) -> None:
        """A piece of the reply came."""
        self._piece, self._begun = self._now(), True

    def fault(self, who: str) -> TooSlow:
        """What went wrong when the deadline has passed. What to do about it is up to whoever set the times."""
        if self._end <= self._silence():
            return TooSlow(f"{who} did not answer within {round(self.whole, 1):g} s", missing="reply")
        quiet = f"{round(self._now() - self._piece, 1):g} s"
        if self._begun:
            return TooSlow(f"{who} fell silent for {quiet} in the middle of its reply; does it hang?", missing="rest")
        return TooSlow(f"{who} did not begin to reply within {quiet}", missing="beginning")

    def _silence(self) -> float:
        """When it will have been silent for too long."""
        if self._stream is None:
            return self._end
        usual = self._stream.silence_s if self._begun else self._stream.first_s
        if not self._stream.patient:
            return self._piece + usual
        return min(self._sign + usual, self._piece + max(usual, KEPT_ALIVE_S))
