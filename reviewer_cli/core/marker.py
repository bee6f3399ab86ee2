"""The hidden last line of a posted review that names its head: the host's memory of our work."""

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
    """Whether the exact last line of `body` is this head's marker, signed with this secret.

    A marker that is quoted, planted higher up or copied from another head does not count.
    """
    last = body.rstrip("\n").rsplit("\n", 1)[-1]
    found = MARKER.fullmatch(last)
    return (
        found is not None
        and found[1] == key.sha
        and hmac.compare_digest(found[2], _signature(key, secret))
    )


def _signature(key: HeadKey, secret: bytes) -> str:
    """Without the repository's name, which may change while its pull requests stay the same."""
    message = "\0".join((key.host, key.pull, key.sha)).encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
