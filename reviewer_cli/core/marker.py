"""The hidden last lines of what we posted, by which it is known again: the host's memory of us."""

from __future__ import annotations

import hashlib
import hmac
import re

from reviewer_cli.core.models import HeadKey

MARKER = re.compile(r"<!-- reviewer:v1 sha=([0-9a-f]{40,64}) sig=([0-9a-f]{32}) -->")
ISSUE_MARKER = re.compile(r"<!-- reviewer:v1 issue=([a-z-]{1,40}) sig=([0-9a-f]{32}) -->")


def marker(key: HeadKey, secret: bytes) -> str:
    """The marker line of a head: its SHA and the first 128 bits of an HMAC-SHA-256 over the key."""
    return f"<!-- reviewer:v1 sha={key.sha} sig={_signature(key, secret)} -->"


def carries_marker(body: str, key: HeadKey, secret: bytes) -> bool:
    """Whether one of the marker lines that `body` ends with is this head's, with this signature.

    A review has several where it was found to hold for later heads too. A marker that is quoted,
    planted higher up or copied from another head does not count.
    """
    _, markers = with_markers_apart(body)
    return any(_is_of(one, key, secret) for one in markers)


def is_led_by_marker(body: str, key: HeadKey, secret: bytes) -> bool:
    """Whether it is the head's own review: the first of those marker lines is the head's."""
    _, markers = with_markers_apart(body)
    return bool(markers) and _is_of(markers[0], key, secret)


def with_markers_apart(body: str) -> tuple[str, list[str]]:
    """A body without the marker lines that it ends with, and those, the oldest first.

    They stand together: what is above anything else, be it an empty line, is the body's own text.
    """
    lines = body.rstrip("\n").split("\n")
    start = len(lines)
    while start and MARKER.fullmatch(lines[start - 1]):
        start -= 1
    return "\n".join(lines[:start]).rstrip("\n"), lines[start:]


def issue_marker(host: str, kind: str, secret: bytes) -> str:
    """The marker line of an issue of this kind: the first 128 bits of an HMAC-SHA-256."""
    return f"<!-- reviewer:v1 issue={kind} sig={_signed((host, 'issue', kind), secret)} -->"


def carries_issue_marker(body: str, host: str, kind: str, secret: bytes) -> bool:
    """Whether a body has this marker anywhere: people may write below it in an issue of ours.

    What we write ourselves has no other `<!--`, so ask this of our own account's issues only.
    """
    wanted = _signed((host, "issue", kind), secret)
    return any(
        found[1] == kind and hmac.compare_digest(found[2], wanted)
        for found in ISSUE_MARKER.finditer(body)
    )


def _is_of(line: str, key: HeadKey, secret: bytes) -> bool:
    found = MARKER.fullmatch(line)
    if found is None or found[1] != key.sha:
        return False
    return hmac.compare_digest(found[2], _signature(key, secret))


def _signature(key: HeadKey, secret: bytes) -> str:
    """Without the repository's name, which may change while its pull requests stay the same."""
    return _signed((key.host, key.pull, key.sha), secret)


def _signed(parts: tuple[str, ...], secret: bytes) -> str:
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
