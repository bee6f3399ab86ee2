"""What to do about what a digest found: each piece with what shows that it is needed.

Sentences name no title of a finding; only the text to paste may have words of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from reviewer_cli.core.digest import Advice, AdviceKind
from reviewer_cli.core.digest_figures import counted, percent
from reviewer_cli.core.patterns import Pattern
from reviewer_cli.core.sanitise import one_line

MOST_OF_KIND = 5
"""Pieces of one kind of advice; more are not read."""

FEWEST_REVIEWS = 5
"""Reviews in a period from which a repository is worth the writing of guidance."""

MOST_SHOWN = 5
SETTINGS, GUIDE = ".reviewer.toml", "REVIEW.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A limit by its key in reviewer.toml, how often it was hit, and of how many."""

    key: str
    what: str
    hits: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unguided:
    """A repository without guidance, and the categories that people there do not want."""

    repo: str
    reviews: int
    declined: tuple[tuple[str, int], ...]


def about_dead(waiting: int, died: Mapping[str, int]) -> Iterator[Advice]:
    """Heads that wait for a person; `died` are the classes of error that killed some lately."""
    if not waiting:
        return
    heads = "1 head died and waits" if waiting == 1 else f"{waiting:,} heads died and wait"
    ordered = sorted(died.items(), key=lambda one: (-one[1], one[0]))
    lately = ", ".join(f"{count:,} of {name}" for name, count in ordered[:MOST_SHOWN])
    yield Advice(
        kind=AdviceKind.DEAD,
        repo="",
        sentence=f"{heads} for you: see why with `reviewer ledger list --state dead`, then "
        "`reviewer ledger retry --all`.",
        evidence=f"In this time died {lately}." if lately else "All of them died before this time.",
    )


def about_caps(caps: Iterable[Cap]) -> Iterator[Advice]:
    """Limits that were hit, the one that was hit most first."""
    hit = sorted((one for one in caps if one.hits), key=lambda one: (-one.hits, one.key))
    for one in hit[:MOST_OF_KIND]:
        yield Advice(
            kind=AdviceKind.CAP,
            repo="",
            sentence=f"{one.what}: raise `{one.key}` in reviewer.toml if that is not wanted.",
            evidence=one.evidence,
        )


def about_guidance(unguided: Iterable[Unguided]) -> Iterator[Advice]:
    """Repositories that do not tell their reviewers what matters, the busiest first."""
    busy = [one for one in unguided if one.reviews >= FEWEST_REVIEWS]
    busy.sort(key=lambda one: (-one.reviews, one.repo))
    for one in busy[:MOST_OF_KIND]:
        yield Advice(
            kind=AdviceKind.GUIDANCE,
            repo=one.repo,
            sentence=f"Tell reviewers of {one_line(one.repo, 80)} what matters there: add a "
            f"{GUIDE} to its base branch.",
            evidence=f"It had {counted(one.reviews, 'review')} without any guidance.",
            file=GUIDE,
            text=_starter(one),
        )


def about_declined(patterns: Iterable[Pattern]) -> Iterator[Advice]:
    """Patterns to declare as known, unless somebody acted on one that this would keep back."""
    for one in islice(patterns, MOST_OF_KIND):
        pulls, saved = len(one.proposal.pulls), one.acceptance.hits
        what = f"{_kind(one)} in {one_line(one.repo, 80)}"
        evidence = f"Declined on {counted(pulls, 'pull request')}: {_shown(one.proposal.pulls)}."
        if saved:
            yield Advice(
                kind=AdviceKind.DISMISSED,
                repo=one.repo,
                sentence=f"Say in {GUIDE} when {what} do not matter; do not silence all of them.",
                evidence=f"{evidence} {saved:,} like them were acted on.",
            )
        else:
            yield Advice(
                kind=AdviceKind.DISMISSED,
                repo=one.repo,
                sentence=f"Declare {what} as known in {SETTINGS}, if you agree.",
                evidence=f"{evidence} None like them was acted on.",
                file=SETTINGS,
                text=one.proposal.toml,
            )


def about_passed_over(patterns: Sequence[Pattern], declined: Sequence[Pattern]) -> Iterator[Advice]:
    """Patterns to leave out by a line of guidance, but those that are `declined` already."""
    known = {_key(one) for one in declined}
    new = (one for one in patterns if _key(one) not in known)
    for one in islice(new, MOST_OF_KIND):
        rate = percent(one.acceptance.rate)
        yield Advice(
            kind=AdviceKind.PASSED_OVER,
            repo=one.repo,
            sentence=f"Ask in {GUIDE} for fewer {_kind(one)} in {one_line(one.repo, 80)}: hardly "
            "anybody reacts to them.",
            evidence=f"Acted on: {one.acceptance.hits:,} of {one.acceptance.of:,} ({rate}), on "
            f"{counted(len(one.proposal.pulls), 'pull request')} nothing was done.",
            file=GUIDE,
            text=f"- Do not report {_described(one)}, unless it breaks something for users.\n",
        )


def _kind(one: Pattern) -> str:
    name = one.proposal.rule or one.proposal.category
    return f'findings of the {"rule" if one.proposal.rule else "kind"} "{one_line(name, 60)}"'


def _key(one: Pattern) -> tuple[str, str, str]:
    return (one.repo, one.proposal.rule, one.proposal.category)


def _described(one: Pattern) -> str:
    # In a line of guidance a mark of quotation or of code could end what it quotes.
    said = one_line(one.proposal.text.replace('"', "").replace("`", ""), 120)
    return f'{_kind(one)} about "{said}"' if said else _kind(one)


def _shown(pulls: Sequence[str]) -> str:
    shown = ", ".join(one_line(pull, 40) for pull in pulls[:MOST_SHOWN])
    more = len(pulls) - MOST_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _starter(one: Unguided) -> str:
    lines = [
        "# For reviewers",
        "",
        "What matters most here:",
        "",
        "- Name the places where a mistake loses data, lets people in, or stops users.",
        "- Name what is guaranteed to others: interfaces, formats, promises of speed.",
        "",
        "What does not matter here:",
        "",
    ]
    lines += [
        f'- Findings of the kind "{one_line(name, 60)}", unless they break something for users: '
        f"{counted(count, 'such finding was', 'such findings were')} declined."
        for name, count in one.declined[:3]
    ] or ["- Name what a tool checks already, or what is so on purpose."]
    return "\n".join(lines) + "\n"
