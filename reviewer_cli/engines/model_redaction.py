"""Takes the credential out of what a provider answers, before the jailed process reads it."""

from __future__ import annotations

from collections.abc import Iterable

from reviewer_cli.core.leaks import SHORTEST

BLANK = b"[redacted]"


class Redaction:
    """Blanks known values, also in a stream whose pieces cut through them.

    Of a piece only an end that may be the beginning of a value is held back, so that a stream is
    not delayed. Values of fewer than 8 characters stay: they would be found where they are not.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = [value.encode() for value in values if len(value) >= SHORTEST]
        self._held = b""

    def whole(self, text: bytes) -> bytes:
        """A text that is complete, without the values."""
        for value in self._values:
            text = text.replace(value, BLANK)
        return text

    def piece(self, text: bytes) -> bytes:
        """What can be handed on once the stream has come this far."""
        text = self.whole(self._held + text)
        kept = max((_begun(text, value) for value in self._values), default=0)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def rest(self) -> bytes:
        """What was held back, when the stream is over."""
        held, self._held = self._held, b""
        return held


def _begun(text: bytes, value: bytes) -> int:
    """How many bytes at the end of a text are the beginning of the value."""
    lengths = range(min(len(text), len(value) - 1), 0, -1)
    return next((length for length in lengths if text.endswith(value[:length])), 0)
