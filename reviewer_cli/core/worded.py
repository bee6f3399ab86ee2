"""A model's paragraph about a digest: what the model is told, and which answer may be told.

It gets numbers and words of our own, and nothing that anybody else named or wrote: no title, no
repository, pull request, place or model, so that nobody can speak to it. The numbers are given as
a digest writes them, and an answer may hold no other. Whether it concludes the right thing from
them nobody checks, which is why a digest says who wrote it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

from reviewer_cli import errors
from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.digest import AdviceKind, Digest
from reviewer_cli.core.digest_figures import MIN_FINDINGS, duration, money, number, percent
from reviewer_cli.core.digest_words import CLAIMED, changed
from reviewer_cli.core.measures import Point, Share, Spread
from reviewer_cli.core.models import Outcome, Severity
from reviewer_cli.core.periods import BEFORE_WEEKS, TREND_WEEKS
from reviewer_cli.core.quality import Change
from reviewer_cli.core.reply import Category
from reviewer_cli.core.select import SkipClass
from reviewer_cli.errors import InvalidReply

LONGEST = 600
"""Characters of a paragraph."""

ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {"paragraph": {"type": "string"}},
    "required": ["paragraph"],
    "additionalProperties": False,
}
"""The JSON schema of the model's answer."""

OURS = frozenset(
    {
        *(*SkipClass, *Severity, *Outcome, *Kind, *get_args(Category), "1", "2", "3", "4+"),
        *(name for name, one in vars(errors).items() if isinstance(one, type)),
    }
)
"""The words that the product itself writes into a digest; any other may be somebody else's."""

WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")
GROUPS = ("repository", "severity", "category", "engine", "model", "contract")
SHARES = frozenset(
    {
        *("tick", "settle", "queue", "prepare", "model", "host"),
        *("filled", "peak", "usd_of_cap", "cache"),
    }
)
"""The fields that are shares of a whole; of the others those of money and time have its unit."""

# A letter first: a list, a quote or a command begins otherwise.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 .,;:%$()'!?-]*")
# example.com, mailto:somebody, :shortcode:
JOINED = re.compile(r"[.:][A-Za-z]")
TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f", " "),
    }
)
IN_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|zero|twice|thrice"
    r"|(?:four|fif|six|seven|eigh|nine|ten)ths?|(?:thir|four|fif|six|seven|eigh|nine)teen(?:ths?)?"
    r"|(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)(?:y|ies|ieths?)"
    r"|(?:hundred|thousand|million|billion|dozen)(?:s|ths?|fold)?|half|halves|halv(?:ed|ing)"
    r"|thirds?|quarters?|doubl(?:e[ds]?|ing)|trebled?|tripl(?:e[ds]?|ing)|quadrupl(?:e[ds]?|ing)"
    r"|[a-z]+fold)\b",
    re.IGNORECASE,
)
"""Numbers that nobody can look up; "one" is mostly none."""

UNITS = {
    **dict.fromkeys(("%", "percent", "per cent"), "%"),
    **dict.fromkeys(("s", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "week"),
}
FIGURE = re.compile(
    rf"([\w$.,:-]*[0-9][\w$.,:-]*)(?:\s({'|'.join(UNITS)})(?![A-Za-z]))?", re.IGNORECASE
)
RANGE = re.compile(r"([0-9])(?: -|-| to| and) ?(?=\$?[0-9][0-9.,]* (?:%|per ?cent))")
THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def numbers_of(digest: Digest) -> str:
    """The digest's numbers as JSON for a model, with words of our own alone."""
    week = digest.period.week or ""
    advice = Counter(one.kind for one in digest.advice)
    told = {
        "period": week if WEEK.fullmatch(week) else "some days",
        "is_over": digest.period.is_final,
        "compared_with": f"the {BEFORE_WEEKS} weeks before",
        "labels_are_of": f"{TREND_WEEKS} weeks",
        "intervals_are_of": "95 %",
        "changes": [_sentence(one) for one in digest.changes if _is_told(one)],
        "advice": {kind: advice[kind] for kind in AdviceKind if advice[kind]},
        **{
            name: _told(name, getattr(digest, name))
            for name in (
                *("volume", "latency", "cost", "trouble"),
                *("feedback", "accuracy", "noise", "checks"),
            )
        },
    }
    return json.dumps(told, indent=1)


def paragraph(data: object) -> str:
    """The paragraph of a model's answer; raises InvalidReply where it has another shape."""
    match data:
        case {"paragraph": str(text)}:
            return text
    raise InvalidReply("The model's answer holds no paragraph; ask again.")


def accepted(text: str, digest: Digest) -> str | None:
    """The paragraph as it may be told, None where it may not.

    It is one plain paragraph of at most 600 characters, and has no number but those of
    `numbers_of`, each with the unit that it has there.
    """
    text = text.strip().translate(TYPOGRAPHY)
    if len(text) > LONGEST or not PLAIN.fullmatch(text):
        return None
    if JOINED.search(text) or IN_WORDS.search(text):
        return None
    return text if figures(text) <= figures(numbers_of(digest)) else None


def figures(text: str) -> set[tuple[str, str]]:
    """Each number of a text with its unit, however they are spelt; both as they stand in it."""
    text = RANGE.sub(r"\1 % ", re.sub(r"(?<=[0-9])%", " %", text))
    return {
        (THOUSANDS.sub("", found[1].rstrip(".,:-")), UNITS.get((found[2] or "").lower(), ""))
        for found in FIGURE.finditer(text)
    }


def _is_told(change: Change) -> bool:
    return not change.group or change.verdict in CLAIMED


def _sentence(change: Change) -> str:
    """What changed, of a group without its name."""
    kind = change.group.partition(" ")[0]
    group = f"one {kind}" if kind in GROUPS else "some" if change.group else ""
    return _plain(changed(replace(change, group=group)))


def _told(name: str, value: object) -> Any:
    """A value as a digest writes it; what was not recorded, or is not our own, is left out."""
    match value:
        case Share():
            return _share(value)
        case Spread():
            spread = {"median": value.p50_s, "p90": value.p90_s, "p99": value.p99_s}
            told = {key: _plain(duration(one)) for key, one in spread.items() if one is not None}
            return {"n": value.n} | told
        case float():
            return _plain(_figure(name, value))
        case tuple():
            return [_told(name, one) for one in value if _is_ours(one)]
        case str():
            return value if value in OURS else None
    if isinstance(value, bool | int):
        return value
    if not is_dataclass(value):
        return None
    each = {field.name: _told(field.name, getattr(value, field.name)) for field in fields(value)}
    return {key: one for key, one in each.items() if one not in (None, [])}


def _is_ours(value: object) -> bool:
    """Whether an item of a list names nothing but what is ours; trends are too long to tell."""
    if isinstance(value, Point) or not is_dataclass(value):
        return False
    words = (getattr(value, field.name) for field in fields(value))
    return all(one in OURS for one in words if isinstance(one, str))


def _share(share: Share) -> dict[str, object]:
    told: dict[str, object] = {"hits": share.hits, "of": share.of}
    if share.of < MIN_FINDINGS or None in (share.rate, share.low, share.high):
        return told
    interval = f"{percent(share.low)} to {percent(share.high)}"
    return told | {"rate": _plain(percent(share.rate)), "interval": _plain(interval)}


def _figure(name: str, value: float) -> str:
    if name in SHARES:
        return percent(value)
    if "usd" in name:
        return money(value)
    return duration(value) if name.endswith("_s") or name == "seconds" else number(value)


def _plain(text: str) -> str:
    """Without signs that a paragraph may not have."""
    return text.replace("<", "less than ").replace(">", "more than ")
