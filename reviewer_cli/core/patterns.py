"""Kinds of findings that people decline or pass over again and again, with text that stops them.

Titles, paths and rules are hostile: what they become here is visible, short, and text to paste,
which nothing follows by itself.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reviewer_cli.core.chance import share
from reviewer_cli.core.declared import known_tables
from reviewer_cli.core.globs import matches
from reviewer_cli.core.measures import Share
from reviewer_cli.core.models import Finding, Severity
from reviewer_cli.core.proposals import FEWEST, Dismissed, Proposal, proposed
from reviewer_cli.core.verdicts import ACTED_ON, DECLINED, PASSED_OVER
from reviewer_cli.core.words import words

MOST_OF_KIND = 200
"""Findings of one kind in one repository that are compared with one another."""

FEWEST_PASSED_OVER = 5
"""Pull requests on which a pattern must have been passed over; silence says less than a no."""

HARDLY_EVER = 0.2
"""A pattern of which surely less than this is acted on is one that people pass over."""


class Reacted(NamedTuple):
    """A finding, and what became of it at last."""

    repo: str
    pull: str
    path: str
    rule: str
    category: str
    title: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A kind of findings of one repository: all that `proposal` fits, by what became of them."""

    repo: str
    proposal: Proposal
    acceptance: Share


def declined(reacted: Sequence[Reacted]) -> tuple[Pattern, ...]:
    """What was declined on three or more pull requests of a repository, most often first."""
    return _ordered(_patterns(reacted, DECLINED, FEWEST))


def passed_over(reacted: Sequence[Reacted]) -> tuple[Pattern, ...]:
    """What nobody reacts to on five or more, of which surely less than a fifth is acted on."""
    return _ordered(
        one
        for one in _patterns(reacted, PASSED_OVER, FEWEST_PASSED_OVER)
        if one.acceptance.high is not None and one.acceptance.high < HARDLY_EVER
    )


def unwanted(reacted: Iterable[Reacted], repo: str) -> tuple[tuple[str, int], ...]:
    """The categories of which a repository declined three or more, and more than it acted on.

    With how often they were declined, most often first.
    """
    no: Counter[str] = Counter()
    yes: Counter[str] = Counter()
    for one in reacted:
        if one.repo == repo:
            no[one.category] += one.outcome in DECLINED
            yes[one.category] += one.outcome in ACTED_ON
    found = [(name, count) for name, count in no.items() if count >= max(FEWEST, yes[name] + 1)]
    return tuple(sorted(found, key=lambda one: (-one[1], one[0])))


def _ordered(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    return tuple(
        sorted(patterns, key=lambda one: (-len(one.proposal.pulls), one.repo, one.proposal.toml))
    )


def _patterns(
    reacted: Iterable[Reacted], outcomes: Collection[str], fewest: int
) -> Iterator[Pattern]:
    of_kind: defaultdict[tuple[str, str], list[Reacted]] = defaultdict(list)
    for one in reacted:
        of_kind[one.repo, one.rule.strip().lower() or one.category].append(one)
    for (repo, _), some in of_kind.items():
        such = [one for one in some if one.outcome in outcomes][:MOST_OF_KIND]
        if len({one.pull for one in such}) < fewest:
            continue
        for proposal in proposed([Dismissed(pull=one.pull, finding=_finding(one)) for one in such]):
            if len(proposal.pulls) >= fewest:
                yield Pattern(repo=repo, proposal=proposal, acceptance=_acceptance(proposal, some))


def _acceptance(proposal: Proposal, some: Sequence[Reacted]) -> Share:
    """Of all the findings that the proposal would keep back."""
    (known,) = known_tables(tomllib.loads(proposal.toml)["known"])
    fitting = [
        one
        for one in some
        if matches(known.path, one.path)
        and known.rule in ("", one.rule.strip().lower())
        and known.category in ("", one.category)
        and (not known.text or words(known.text) <= words(one.title))
    ]
    return share(sum(one.outcome in ACTED_ON for one in fitting), len(fitting))


def _finding(one: Reacted) -> Finding:
    """What is not asked for a pattern is left as nothing."""
    return Finding(
        path=one.path,
        line=1,
        severity=Severity.LOW,
        category=one.category,
        title=one.title,
        body="",
        quote="",
        rule=one.rule,
    )
