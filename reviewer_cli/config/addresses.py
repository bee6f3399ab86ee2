"""Which addresses a credential may be sent to."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_loopback(address: str) -> bool:
    """Whether it stays on this machine."""
    return urlsplit(address).hostname in LOOPBACK


def is_safe(address: str) -> bool:
    """Whether it names a server by https, or by http on this machine."""
    parts = urlsplit(address)
    return parts.hostname is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address))
    )
