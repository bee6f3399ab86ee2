"""What a project seems to want declared as known: proposed as text, never followed by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from reviewer_cli.core.declared import LONGEST_PATTERN, LONGEST_TEXT
from reviewer_cli.core.models import Finding
from reviewer_cli.core.sanitise import one_line, visible
from reviewer_cli.core.words import alike, shared

FEWEST = 3
"""Pull requests on which a pattern must have been dismissed; fewer may be one person's mood."""

FEWEST_WORDS = 2
"""Words that a pattern without a rule must share; one word and a category is no pattern."""

SPECIAL = frozenset("*?[]{}!\\")
"""Characters that mean something else in a glob than themselves."""

MOST_SHOWN = 10
"""Pull requests that a proposal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissed:
    """A finding that a person dismissed, and the pull request where that was."""

    pull: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pattern that was dismissed again and again; `toml` is a `[[known]]` table to paste."""

    rule: str
    category: str
    text: str
    pulls: tuple[str, ...]
    toml: str


def proposed(dismissed: Sequence[Dismissed]) -> tuple[Proposal, ...]:
    """A proposal for each pattern dismissed on three or more pull requests, most often first.

    A pattern is one rule, or category where there is no rule, and titles with words alike.
    """
    patterns: list[list[Dismissed]] = []
    for one in dismissed:
        known = next((pattern for pattern in patterns if _same_pattern(pattern[0], one)), None)
        if known is None:
            patterns.append([one])
        else:
            known.append(one)
    proposals = (_proposal(pattern) for pattern in patterns)
    found = [one for one in proposals if one is not None]
    return tuple(sorted(found, key=lambda one: -len(one.pulls)))


def _same_pattern(one: Dismissed, other: Dismissed) -> bool:
    left, right = one.finding, other.finding
    return _kind(left) == _kind(right) and alike(left.title, right.title)


def _kind(finding: Finding) -> tuple[str, str]:
    # A rule that is not what it looks like, or too long, could not be pasted.
    rule = finding.rule.strip().lower()
    rule = rule if rule == visible(rule) and len(rule) <= LONGEST_TEXT else ""
    return (rule, "" if rule else finding.category)


def _proposal(pattern: Sequence[Dismissed]) -> Proposal | None:
    pulls = tuple(dict.fromkeys(one.pull for one in pattern))
    rule, category = _kind(pattern[0].finding)
    spelled = shared([one.finding.title for one in pattern])
    if len(pulls) < FEWEST or not (rule or len(spelled) >= FEWEST_WORDS):
        return None
    text = ""
    for word in spelled:
        longer = f"{text} {word}".strip()
        text = longer if len(longer) <= LONGEST_TEXT else text
    entries = {"path": _place(pattern), "rule": rule, "category": category, "text": text}
    shown = ", ".join(one_line(pull, 40) for pull in pulls[:MOST_SHOWN])
    entries["reason"] = one_line(f"dismissed on {len(pulls)} pull requests: {shown}")
    lines = [f"{key} = {_quoted(value)}" for key, value in entries.items() if value]
    return Proposal(
        rule=rule,
        category=category,
        text=text,
        pulls=pulls,
        toml="\n".join(["[[known]]", *lines]) + "\n",
    )


def _place(pattern: Sequence[Dismissed]) -> str:
    """A glob for the deepest directory that they are all in."""
    parts = [one.finding.path.split("/")[:-1] for one in pattern]
    level = zip(*parts, strict=False)
    common = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, level)]
    place = "/".join([*common, "**"])
    is_plain = place == visible(place) and not SPECIAL & set("".join(common))
    return place if is_plain and len(place) <= LONGEST_PATTERN else "**"


def _quoted(text: str) -> str:
    """Text that can be seen as a basic string of TOML, which writes it as JSON does."""
    return json.dumps(text, ensure_ascii=False)
