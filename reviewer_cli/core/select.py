"""Which heads are reviewed and which are not, each with its reason in words, and its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from reviewer_cli.core.diff import Diff
from reviewer_cli.core.globs import matches_any
from reviewer_cli.core.models import Head


class SkipClass(StrEnum):
    """The kinds of rules that skip heads, for counting; the reasons name branches and people."""

    DRAFT = "draft"
    BOT = "bot"
    AUTHOR = "author"
    LABEL = "label"
    TITLE = "title"
    BASE = "base"
    EMPTY = "empty"
    PATHS = "paths"
    UNREADABLE = "unreadable"
    SIZE = "size"
    ROUNDS = "rounds"
    NO_HISTORY = "no history"
    OTHER = "other"


class Departure(StrEnum):
    """How a waiting head came to be superseded."""

    MOVED = "moved"
    """Something was pushed after it."""
    ENDED = "ended"
    """Its pull request was merged or closed."""
    GONE = "gone"
    """Its host no longer has the commit."""


SKIPPED_FOR = (
    (r"draft\Z", SkipClass.DRAFT),
    (r"author .* is a bot\Z", SkipClass.BOT),
    (r"author matches ", SkipClass.AUTHOR),
    (r"label ", SkipClass.LABEL),
    (r"title matches ", SkipClass.TITLE),
    (r"base branch ", SkipClass.BASE),
    (r"changes nothing ", SkipClass.EMPTY),
    (r"changes only paths ", SkipClass.PATHS),
    (r"nothing in it can be reviewed ", SkipClass.UNREADABLE),
    (r"changes [0-9]+ (?:files|lines), more than ", SkipClass.SIZE),
    (r"has had [0-9]+ rounds?, ", SkipClass.ROUNDS),
    (r"the commit [0-9a-f]+ shares no history ", SkipClass.NO_HISTORY),
)
"""How the reasons of each kind begin, in the words of all rules that give any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRules:
    """What a team does not want reviewed; empty rules skip nothing but empty changes.

    Authors, labels and bases are shell patterns, titles are regular expressions searched without
    regard to case, paths are globs of which all changed paths must match one.
    """

    drafts: bool = True
    bots: bool = True
    authors: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    only_bases: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    max_files: int | None = None
    max_changed_lines: int | None = None


def skip_reason(head: Head, rules: SkipRules) -> str | None:
    """Why this head is not reviewed, judged by what the host says of it; None to review it."""
    if rules.drafts and head.is_draft:
        return "draft"
    if rules.bots and head.author_is_bot:
        return f"author {head.author} is a bot"
    if pattern := _shell_match(head.author, rules.authors):
        return f"author matches {pattern!r}"
    for label in head.labels:
        if pattern := _shell_match(label, rules.labels):
            return f"label {label!r} matches {pattern!r}"
    for title in rules.titles:
        if re.search(title, head.title, re.IGNORECASE):
            return f"title matches {title!r}"
    if pattern := _shell_match(head.base_ref, rules.bases):
        return f"base branch matches {pattern!r}"
    if rules.only_bases and not _shell_match(head.base_ref, rules.only_bases):
        return f"base branch {head.base_ref!r} is not among those to review"
    return None


def skip_reason_for_diff(diff: Diff, rules: SkipRules) -> str | None:
    """Why this head is not reviewed, judged by what it changes; None to review it."""
    paths = diff.paths()
    if not paths:
        return "changes nothing against its base"
    if rules.paths and all(matches_any(rules.paths, path) for path in paths):
        return "changes only paths that are not reviewed"
    if not diff.files:
        reasons = ", ".join(sorted({file.reason for file in diff.unreviewed}))
        return f"nothing in it can be reviewed ({reasons})"
    if rules.max_files is not None and len(paths) > rules.max_files:
        return f"changes {len(paths)} files, more than {rules.max_files}"
    lines = diff.changed_line_count()
    if rules.max_changed_lines is not None and lines > rules.max_changed_lines:
        return f"changes {lines} lines, more than {rules.max_changed_lines}"
    return None


def skip_class(reason: str) -> SkipClass:
    """The kind of the rule that gave this reason to skip a head."""
    found = (kind for begin, kind in SKIPPED_FOR if re.match(begin, reason, re.DOTALL))
    return next(found, SkipClass.OTHER)


def departure(reason: str) -> Departure:
    """How a head was superseded, told by the reason that was given for it."""
    if reason.startswith("moved to "):
        return Departure.MOVED
    return Departure.ENDED if reason == "no longer open" else Departure.GONE


def _shell_match(value: str, patterns: Iterable[str]) -> str | None:
    folded = value.casefold()
    return next((one for one in patterns if fnmatchcase(folded, one.casefold())), None)
