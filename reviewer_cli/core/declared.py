"""What a project's base branch declares as known: read strictly, all of a file or nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime

MOST_PATTERNS, LONGEST_PATTERN = 200, 300
MOST_KNOWN, LONGEST_TEXT = 200, 200
MOST_OF_BASELINE = 5_000
"""Entries; a project with more has another problem than its reviewer."""

FINGERPRINT = re.compile(r"[0-9a-f]{16}")
KEYS = ("path", "rule", "category", "text", "reason", "until")
BASELINE_KEYS = ("fingerprint", "text_fingerprint", "path", "title")


class Unfit(Exception):
    """What a file declares cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A kind of findings that a project knows of: what is not empty of it must fit.

    `path` is a glob as core/globs.py reads it, `text` words that the title has, `until` the last
    day on which it counts.
    """

    path: str
    rule: str = ""
    category: str = ""
    text: str = ""
    reason: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A finding about code that a project has; the fingerprints are those of core/remarks.py."""

    fingerprint: str = ""
    text_fingerprint: str = ""
    path: str = ""
    title: str = ""


def is_pattern(value: object) -> bool:
    """Whether this can be a glob; a `!` in front would be read as a part of the name."""
    return (
        isinstance(value, str) and 0 < len(value) <= LONGEST_PATTERN and not value.startswith("!")
    )


def known_tables(value: object) -> tuple[Known, ...]:
    """The `[[known]]` tables of the settings; raises Unfit when one of them is not in order."""
    if not isinstance(value, list):
        raise Unfit("not followed, its known must be [[known]] tables")
    if len(value) > MOST_KNOWN:
        raise Unfit(f"not followed, it has more than {MOST_KNOWN} [[known]] tables")
    return tuple(_known(entry, number) for number, entry in enumerate(value, start=1))


def _known(entry: object, number: int) -> Known:
    here = f"not followed, its [[known]] table {number}"
    if not isinstance(entry, dict):
        raise Unfit(f"{here} is no table")
    if unknown := sorted(entry.keys() - set(KEYS)):
        raise Unfit(
            f"{here} has the key {unknown[0][:80]!r}, and may have none but {', '.join(KEYS)}"
        )
    if not is_pattern(entry.get("path")):
        raise Unfit(
            f"{here} needs a path without `!` in front, of 1 to {LONGEST_PATTERN} characters"
        )
    texts = {key: entry.get(key, "") for key in ("rule", "category", "text", "reason")}
    for key, text in texts.items():
        if not isinstance(text, str) or len(text) > LONGEST_TEXT:
            raise Unfit(f"{here} needs a {key} that is a text of at most {LONGEST_TEXT} characters")
    if not any(texts[key].strip() for key in ("rule", "category", "text")):
        raise Unfit(f"{here} needs at least one of rule, category and text")
    until = entry.get("until")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        raise Unfit(f"{here} needs an until that is a day, such as 2031-12-31 without quotes")
    stripped = {key: text.strip() for key, text in texts.items()}
    return Known(path=entry["path"], until=until, **stripped)


def baseline(content: bytes) -> tuple[Baseline, ...]:
    """The findings that a baseline file lists; raises Unfit when it is not in order."""
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise Unfit(f"not followed, it cannot be read as JSON: {error}") from error
    except RecursionError as error:
        raise Unfit("not followed, it is nested too deeply") from error
    if not isinstance(said, list):
        raise Unfit("not followed, it must be a list of findings")
    if len(said) > MOST_OF_BASELINE:
        raise Unfit(f"not followed, it has more than {MOST_OF_BASELINE:,} entries")
    return tuple(_baseline(entry, number) for number, entry in enumerate(said, start=1))


def _baseline(entry: object, number: int) -> Baseline:
    here = f"not followed, its entry {number}"
    if not isinstance(entry, dict):
        raise Unfit(f"{here} is no object")
    if unknown := sorted(entry.keys() - set(BASELINE_KEYS)):
        raise Unfit(
            f"{here} has the key {unknown[0][:80]!r}, "
            f"and may have none but {', '.join(BASELINE_KEYS)}"
        )
    if not all(isinstance(value, str) for value in entry.values()):
        raise Unfit(f"{here} must hold texts only")
    prints = [entry[key] for key in BASELINE_KEYS[:2] if entry.get(key)]
    if not prints or not all(map(FINGERPRINT.fullmatch, prints)):
        raise Unfit(f"{here} needs a fingerprint or text_fingerprint of 16 hexadecimal digits")
    return Baseline(**entry)
