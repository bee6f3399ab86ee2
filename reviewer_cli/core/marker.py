"""The hidden last lines of a posted review that name its heads: the host's memory of our work."""

from __future__ import annotations

import hashlib
import hmac
import re

from reviewer_cli.core.models import HeadKey

MARKER = re.compile(r"<!-- reviewer:v1 sha=([0-9a-f]{40,64}) sig=([0-9a-f]{32}) -->")


def marker(key: HeadKey, secret: bytes) -> str:
    """The marker line of a head: its SHA and the first 128 bits of an HMAC-SHA-256 over the key."""
    return f"<!-- reviewer:v1 sha={key.sha} sig={_signature(key, secret)} -->"


def carries_marker(body: str, key: HeadKey, secret: bytes) -> bool:
    """Whether one of the marker lines that `body` ends with is this head's, with this signature.

    A review has several where it was found to hold for later heads too. A marker that is quoted,
    planted higher up or copied from another head does not count.
    """
    _, markers = with_markers_apart(body)
    return any(
        found[1] == key.sha and hmac.compare_digest(found[2], _signature(key, secret))
        for found in map(MARKER.fullmatch, markers)
        if found is not None
    )


def with_markers_apart(body: str) -> tuple[str, list[str]]:
    """A body without the marker lines that it ends with, and those, the oldest first.

    They stand together: what is above anything else, be it an empty line, is the body's own text.
    """
    lines = body.rstrip("\n").split("\n")
    start = len(lines)
    while start and MARKER.fullmatch(lines[start - 1]):
        start -= 1
    return "\n".join(lines[:start]).rstrip("\n"), lines[start:]


def _signature(key: HeadKey, secret: bytes) -> str:
    """Without the repository's name, which may change while its pull requests stay the same."""
    message = "\0".join((key.host, key.pull, key.sha)).encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
