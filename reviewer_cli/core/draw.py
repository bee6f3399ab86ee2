"""Drawing findings to be labelled by hand: by lot, and the same ones whenever it is asked."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

DRAWN = 5
"""Findings a week: minutes of work, and 65 in a quarter of a year."""


class Label(StrEnum):
    """What a person can say of a finding."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


class Lot(NamedTuple):
    """A finding that may be drawn."""

    finding_id: int
    fingerprint: str


def drawn(lots: Iterable[Lot], since: float) -> tuple[int, ...]:
    """The ids of at most five of these findings, in the order in which they were drawn.

    The smallest hashes of the period's start and the finding win: no author of code or of a
    finding knows the ledger's id, so that nobody can choose what is drawn.
    """
    chosen = heapq.nsmallest(DRAWN, lots, key=lambda one: (_lot(one, since), one.finding_id))
    return tuple(one.finding_id for one in chosen)


def _lot(one: Lot, since: float) -> bytes:
    text = f"{since:.0f}|{one.finding_id}|{one.fingerprint}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
