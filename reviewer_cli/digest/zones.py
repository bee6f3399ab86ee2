"""Time zones by their names; UTC needs no data, which small images do not have."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def zone_called(name: str) -> tzinfo:
    """The zone of a name such as "Europe/Berlin"; raises ValueError where there is none."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown one, a path, a directory
        raise ValueError(
            f'the time zone {name!r} is not known here; write one such as "Europe/Berlin", and '
            "where the system has no time zones run: pip install tzdata"
        ) from None
