"""What an examination finds: signs of health, and how bad the worst one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """Green is as it should be, amber works with a named risk, red keeps a sweep from working."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One line of an examination: what was looked at, what was found, and how to mend it.

    `exit_code` is the one that a sweep would end with for this reason, 0 unless red.
    """

    subject: str
    health: Health
    said: str
    mend: str = ""
    exit_code: int = 0


def green(subject: str, said: str) -> Sign:
    """All is well."""
    return Sign(subject=subject, health=Health.GREEN, said=said)


def amber(subject: str, said: str, mend: str) -> Sign:
    """It works, with this risk."""
    return Sign(subject=subject, health=Health.AMBER, said=said, mend=mend)


def red(subject: str, said: str, mend: str = "", *, exit_code: int = 1) -> Sign:
    """A sweep would fail."""
    return Sign(subject=subject, health=Health.RED, said=said, mend=mend, exit_code=exit_code)


def exit_code(signs: Iterable[Sign]) -> int:
    """That of the first red sign, 0 when there is none."""
    return next((one.exit_code for one in signs if one.health is Health.RED), 0)
