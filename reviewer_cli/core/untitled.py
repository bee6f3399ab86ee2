"""A digest for people who may not read the repositories: no words that came out of them."""

from __future__ import annotations

from dataclasses import replace

from reviewer_cli.core.digest import AdviceKind, Digest

QUOTING = (AdviceKind.DISMISSED, AdviceKind.PASSED_OVER)


def untitled(digest: Digest) -> Digest:
    """The digest without the titles of findings.

    Advice about a pattern loses the text to be put into a file, which quotes some of them. A
    model's words stay: it was told of no repository.
    """
    return replace(
        digest,
        nearly_missed=tuple(replace(one, title=None) for one in digest.nearly_missed),
        draw=tuple(replace(one, title=None) for one in digest.draw),
        advice=tuple(
            replace(one, file="", text="") if one.kind in QUOTING else one for one in digest.advice
        ),
    )
