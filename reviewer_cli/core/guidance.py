"""What a project says to its reviewers: as its base branch has it, capped, with few powers.

Its files may tell what matters, name paths that are not reviewed and findings that are known. They
cannot widen anything, and what cannot be followed of them is said in the review.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from reviewer_cli.core.declared import (
    LONGEST_PATTERN,
    MOST_PATTERNS,
    Baseline,
    Known,
    Unfit,
    baseline,
    is_pattern,
    known_tables,
)
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.core.sanitise import visible

SETTINGS = ".reviewer.toml"

NAMES = (SETTINGS, "REVIEW.md", "AGENTS.md", "CLAUDE.md")
"""The files in a repository's root, in the order in which they are given room."""

BASELINE = ".reviewer-baseline.json"
READ = (*NAMES, BASELINE)
"""All that is read of a repository's root."""

MOST_OF_ONE, MOST_TOGETHER = 16_000, 24_000
"""Characters that are shown: about 4,000 and 6,000 tokens, paid for in each pass of each review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidanceFile:
    """One of the files, as git keeps it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What one file says, ready to be shown: nothing unseen in it, what is left out is named."""

    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """All that a project says; `unheeded` names the files that are not followed, or not whole.

    `ignore` holds globs as core/globs.py reads them; `known` and `baseline` are what core/known.py
    goes by.
    """

    advice: tuple[Advice, ...] = ()
    ignore: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    baseline: tuple[Baseline, ...] = ()
    unheeded: tuple[Unreviewed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """All that .reviewer.toml can say."""

    instructions: str = ""
    ignore: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()


def guidance(files: Iterable[GuidanceFile], unread: Iterable[Unreviewed] = ()) -> Guidance:
    """What these files say, those of `unread` being named only; the same text is given once."""
    unheeded = list(unread)
    settings = _Settings()
    listed: tuple[Baseline, ...] = ()
    texts: dict[str, str] = {}
    for file in sorted(files, key=lambda one: READ.index(one.name)):
        text = ""
        try:
            if file.name == SETTINGS:
                settings = _settings(file.content)
                text = settings.instructions
            elif file.name == BASELINE:
                listed = baseline(file.content)
            else:
                text = file.content.decode("utf-8", "replace")
        except Unfit as error:
            unheeded.append(Unreviewed(path=file.name, reason=str(error)))
        if tidy := visible(text.removeprefix("\ufeff").replace("\r\n", "\n")).strip():
            texts.setdefault(tidy, file.name)
    advice: list[Advice] = []
    room = MOST_TOGETHER
    for text, source in texts.items():
        shown = text[: min(room, MOST_OF_ONE)]
        room -= len(shown)
        if left_out := len(text) - len(shown):
            reason = f"the last {left_out:,} of its {len(text):,} characters were not read"
            unheeded.append(Unreviewed(path=source, reason=reason))
            shown += f"\n({left_out:,} more characters are not shown)"
        advice.append(Advice(source=source, text=shown))
    return Guidance(
        advice=tuple(advice),
        ignore=settings.ignore,
        known=settings.known,
        baseline=listed,
        unheeded=tuple(unheeded),
    )


def _settings(content: bytes) -> _Settings:
    """The settings as they are meant, or none of them: half of a rule can mean its opposite."""
    if len(content) > MOST_OF_ONE:
        raise Unfit(f"not followed, it is larger than {MOST_OF_ONE:,} bytes")
    try:
        said = tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise Unfit(f"not followed, it cannot be read as TOML: {error}") from error
    except RecursionError as error:
        raise Unfit("not followed, it is nested too deeply") from error
    if unknown := sorted(said.keys() - {"instructions", "ignore", "known"}):
        raise Unfit(
            f"not followed, it has the key {unknown[0]!r}, "
            "and may have none but instructions, ignore and known"
        )
    instructions, ignore = said.get("instructions", ""), said.get("ignore", [])
    if not isinstance(instructions, str):
        raise Unfit("not followed, its instructions must be a text")
    if not isinstance(ignore, list) or not all(map(is_pattern, ignore)):
        raise Unfit(
            "not followed, its ignore must be a list of paths without `!`, "
            f"each of 1 to {LONGEST_PATTERN} characters"
        )
    if len(ignore) > MOST_PATTERNS:
        raise Unfit(f"not followed, its ignore has more than {MOST_PATTERNS} entries")
    known = known_tables(said.get("known", []))
    return _Settings(instructions=instructions, ignore=tuple(ignore), known=known)
