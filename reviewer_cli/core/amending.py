"""A round without anything new is noted in our newest review, instead of being another one."""

from __future__ import annotations

import re

from reviewer_cli.core.marker import MARKER, with_markers_apart

MOST_MARKERS = 50
"""Markers in one review: heads that are known to be checked even where the ledger was lost."""

NOTE = re.compile(
    r"_Also checked at `[0-9a-f]{7,12}`(?: and (\d{1,6}) earlier commits?)?: nothing new\._"
)


def amended(body: str, marker: str, limit: int) -> str | None:
    """The body of a review of ours after it was found to hold for a further head as well.

    One line tells the newest such head, and how many there were before it; the head's `marker`
    joins those at the end. A body that has the marker already stays as it is. Above 50 markers, or
    above `limit` characters, the oldest of the further heads' falls out: should that very head
    come back, and the ledger be lost, it is checked once more. The review's own marker never does,
    since its comments would be posted twice. None where there is no room even so.

    Raises ValueError for what is no marker.
    """
    known = MARKER.fullmatch(marker)
    if known is None:
        raise ValueError("only a marker joins the markers of a review")
    text, markers = with_markers_apart(body)
    if marker in markers:
        return body
    text = _noted(text, known[1])
    own, further = markers[:1], [*markers[1:], marker]
    further = further[-(MOST_MARKERS - len(own)) :]
    while further:
        whole = "\n".join([text, "", *own, *further])
        if len(whole) <= limit:
            return whole
        further = further[1:]
    return None


def _noted(text: str, sha: str) -> str:
    """The text with one note as its last paragraph, in the place of an older one."""
    above, _, last = text.rpartition("\n")
    older = NOTE.fullmatch(last)
    if older is None:
        note = f"_Also checked at `{sha[:7]}`: nothing new._"
        return f"{text}\n\n{note}" if text else note
    count = int(older[1] or 0) + 1
    commits = "commit" if count == 1 else "commits"
    note = f"_Also checked at `{sha[:7]}` and {count} earlier {commits}: nothing new._"
    return f"{above}\n{note}"
