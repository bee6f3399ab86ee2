"""Three sentences for whoever reads nothing else of a digest: its worth, what changed, what to do.

They are made of its numbers alone, and say so where those are too few.
"""

from __future__ import annotations

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import MIN_FINDINGS, counted, interval, money, number, percent
from reviewer_cli.core.digest_words import ADVICE, CLAIMED, changed
from reviewer_cli.core.quality import Change, Verdict
from reviewer_cli.core.sanitise import one_line

MOST_CHANGES = 2
LONGEST = 300
"""Characters of a piece of advice."""


def headline(digest: Digest) -> tuple[str, ...]:
    """Whether it is worth it, what changed, and what to do next; `digest.headline` is not read."""
    return (_worth(digest), _changes(digest.changes), _to_do(digest))


def _worth(digest: Digest) -> str:
    accepted, spent = digest.accuracy.whole.acceptance, digest.cost.per_acted_on_usd
    if not accepted.of:
        return f"{_done(digest)}{_no_end(digest)}"
    were = "was" if accepted.hits == 1 else "were"
    told = f"{accepted.hits:,} of {counted(accepted.of, 'finding')} {were} acted on"
    price = f", at {money(spent)} for each of those" if spent else ""
    if accepted.of < MIN_FINDINGS:
        return f"{told}{price}: too few to judge by."
    return f"{told}, {percent(accepted.rate)} ({interval(accepted)}){price}."


def _done(digest: Digest) -> str:
    if not digest.volume.reviewed:
        spent = f" {money(digest.cost.usd)} was spent all the same." if digest.cost.usd else ""
        return f"Nothing was reviewed.{spent}"
    each = digest.noise.per_review
    found = f" with {number(each)} findings each" if each is not None else ""
    return f"{counted(digest.volume.reviewed, 'review')}{found} for {money(digest.cost.usd)}"


def _no_end(digest: Digest) -> str:
    if not digest.volume.reviewed:
        return ""
    return "; what they are worth shows when pull requests end, and none with findings did yet."


def _changes(changes: tuple[Change, ...]) -> str:
    claimed = [one for one in changes if one.verdict in CLAIMED]
    if claimed:
        told = " ".join(changed(one) for one in claimed[:MOST_CHANGES])
        more = len(claimed) - MOST_CHANGES
        return f"{told} {counted(more, 'other number')} changed too." if more > 0 else told
    compared = [one for one in changes if one.verdict is Verdict.NO_SIGN]
    if not compared:
        return "There is too little yet to tell whether anything changed."
    against = "against the four weeks before"
    if len(compared) == len(changes):
        return f"Nothing shows a sign of a change {against}."
    few = len(changes) - len(compared)
    return (
        f"No sign of a change {against} in {counted(len(compared), 'number')}; "
        f"for {few} there is too little to tell."
    )


def _to_do(digest: Digest) -> str:
    if digest.advice:
        first = min(digest.advice, key=lambda one: list(ADVICE).index(one.kind))
        more = len(digest.advice) - 1
        return f"{one_line(first.sentence, LONGEST)} {_more(more)}".strip()
    covered = digest.volume.covered
    if covered is not None and covered.hits < covered.of:
        missed = counted(covered.of - covered.hits, "pull request")
        return f"Look at {missed} that went in without a review."
    if not digest.volume.reviewed:
        return "If there were pull requests, `reviewer doctor` tells why none of them was reviewed."
    return "There is nothing that you need to do."


def _more(count: int) -> str:
    if not count:
        return ""
    return f"There {'is' if count == 1 else 'are'} {counted(count, 'more piece')} of advice."
