"""Characters that a reader of the code cannot see: CVE-2021-42574 and its relatives.

Each has honest uses in some script or emoji, and those are let through: zero-width joiners in
emoji and beside letters that join (Arabic, Persian, the Indic scripts), zero-width spaces beside
scripts written without spaces, one variation selector after a symbol, direction marks in lines
that hold right-to-left letters. In prose and translations it is enough that the line holds such
letters anywhere, and right-to-left lines may use bidirectional controls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reviewer_cli.core.checks.places import is_prose, softened
from reviewer_cli.core.diff import DiffLine, FileDiff, Places, is_fresh
from reviewer_cli.core.models import Finding, Severity

MOST_NAMED = 12
"""Characters that a finding spells out; the rest is a count."""

MARKS = re.compile("[\u200e\u200f\u061c]")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
SUSPECT = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
# Unicode UTS #51: a black flag, a region's code in tag characters, a cancel tag.
FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
JOINING_SCRIPTS = re.compile(  # Arabic to N'Ko, Indic to Myanmar, Khmer and Mongolian, Arabic forms
    "[\u0600-\u07ff\u0860-\u109f\u1780-\u18af\ua840-\ua8ff\ua980-\ua9df\uaa60-\uaadf\ufb50-\ufdff"
    "\ufe70-\ufefc\U00011000-\U000116cf]"
)
SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")
BREAKING_SCRIPTS = re.compile(  # Thai, Lao, Myanmar, Khmer: writers mark where lines may break
    "[\u0e01-\u0e3a\u0e40-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f]"
)
HANGUL_AND_MONGOLIAN = re.compile("[\u1100-\u11ff\u1800-\u18af]")
KEYCAPS = tuple("0123456789#*")


@dataclass(frozen=True, slots=True)
class _Kind:
    rule: str
    severity: Severity
    title: str
    consequence: str


BIDI = _Kind(
    "bidi-control",
    Severity.HIGH,
    "Hidden characters reverse the order in which the code is shown",
    "What a reviewer sees on these lines is not what runs: a bidirectional control changes the "
    "order in which the text is displayed, not the order in which it is read by the compiler.",
)
MARK = _Kind(
    "bidi-mark",
    Severity.MEDIUM,
    "Invisible direction mark in the code",
    "A direction mark is invisible and can change how the neighbouring text is displayed; nothing "
    "on the line is written from right to left.",
)
HIDDEN = _Kind(
    "hidden-text",
    Severity.HIGH,
    "Text hidden in characters that are not displayed",
    "Runs of such characters can carry a whole message that no reader sees, but that a program "
    "or a language model reads.",
)
INVISIBLE = _Kind(
    "invisible-character",
    Severity.MEDIUM,
    "Invisible character in the code",
    "Two names or strings that look the same can differ by such a character, and a search for the "
    "visible text does not find the line.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line that is asked once for its scripts; `text` is without honest flags."""

    added: DiffLine
    text: str
    in_prose: bool
    right_to_left: bool
    joining: bool
    breaking: bool


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A character with its surroundings."""

    line: _Line
    at: int

    @property
    def character(self) -> str:
        return self.line.text[self.at]

    @property
    def before(self) -> str:
        return self.line.text[self.at - 1 : self.at]

    @property
    def after(self) -> str:
        return self.line.text[self.at + 1 : self.at + 2]

    def beside(self, letters: re.Pattern[str]) -> bool:
        return bool(letters.match(self.before) or letters.match(self.after))

    def __str__(self) -> str:
        name = unicodedata.name(self.character, "tag or private character")
        place = f"line {self.line.added.new}, column {self.at + 1}"
        return f"`\\u{{{ord(self.character):x}}}` ({name}) on {place}"


def invisible_characters(file: FileDiff, fresh: Places | None = None) -> Iterator[Finding]:
    r"""One finding for each kind in a file, at its first place; shows characters as \u{202e}.

    Two where only some places are `fresh`.
    """
    seen: dict[tuple[_Kind, bool], list[_Suspect]] = {}
    for line in file.added_lines():
        for suspect in _suspects(file.path, line):
            kind = _kind(suspect)
            if kind:
                same = seen.setdefault((kind, is_fresh(fresh, file.path, line)), [])
                same.append(suspect)
    for (kind, _), suspects in seen.items():
        yield _finding(file.path, kind, suspects)


def _finding(path: str, kind: _Kind, seen: list[_Suspect]) -> Finding:
    first = seen[0].line
    named = "; ".join(map(str, seen[:MOST_NAMED]))
    rest = f"; and {len(seen) - MOST_NAMED} more" if len(seen) > MOST_NAMED else ""
    severity = Severity.MEDIUM if kind is BIDI and first.in_prose else kind.severity
    return Finding(
        path=path,
        line=first.added.new or 1,
        severity=softened(severity, path),
        category="security",
        title=kind.title,
        body=f"{kind.consequence}\n\nFound: {named}{rest}.",
        quote=first.added.text[:2000],
        rule=kind.rule,
    )


def _suspects(path: str, line: DiffLine) -> Iterator[_Suspect]:
    if line.text.isascii():
        return
    text = FLAG.sub(lambda flag: "\U0001f3f4" * len(flag[0]), line.text)
    places = [match.start() for match in SUSPECT.finditer(text)]
    if places:
        asked = _Line(
            added=line,
            text=text,
            in_prose=is_prose(path),
            right_to_left=_is_right_to_left(text),
            joining=bool(JOINING_SCRIPTS.search(text)),
            breaking=bool(BREAKING_SCRIPTS.search(text)),
        )
        yield from (_Suspect(asked, at) for at in places)


def _is_right_to_left(text: str) -> bool:
    return any(
        unicodedata.bidirectional(letter) in ("R", "AL") and not MARKS.match(letter)
        for letter in text
        if letter > "\u0590"
    )


def _kind(suspect: _Suspect) -> _Kind | None:
    """The kind of a suspect character, None where it has an honest use."""
    for characters, kind, is_honest in CLASSES:
        if characters.match(suspect.character):
            return None if is_honest(suspect) else kind
    return _selector_kind(suspect)


def _never(_: _Suspect) -> bool:
    return False


def _in_prose(suspect: _Suspect) -> bool:
    return suspect.line.in_prose


def _among_right_to_left(suspect: _Suspect) -> bool:
    return suspect.line.right_to_left


def _in_right_to_left_prose(suspect: _Suspect) -> bool:
    return suspect.line.in_prose and suspect.line.right_to_left


def _joins(suspect: _Suspect) -> bool:
    """Beside letters that join, or a zero-width joiner between two emoji."""
    if suspect.beside(JOINING_SCRIPTS) or (suspect.line.in_prose and suspect.line.joining):
        return True
    at = suspect.at
    base = suspect.line.text[at - 2 : at - 1] if suspect.before == "\ufe0f" else suspect.before
    return suspect.character == "\u200d" and _is_symbol(base) and _is_symbol(suspect.after)


def _is_symbol(letter: str) -> bool:
    # Symbols, skin tones, arrows; and code points newer than this Python's Unicode tables.
    return letter >= "\u2000" and unicodedata.category(letter) in ("So", "Sk", "Sm", "Cn")


def _starts_the_file(suspect: _Suspect) -> bool:
    return suspect.line.added.new == 1 and suspect.at == 0


def _in_spaceless_script(suspect: _Suspect) -> bool:
    return suspect.beside(SPACELESS) or _in_breaking_prose(suspect)


def _in_breaking_prose(suspect: _Suspect) -> bool:
    return suspect.line.in_prose and suspect.line.breaking


def _in_own_script(suspect: _Suspect) -> bool:
    return suspect.beside(HANGUL_AND_MONGOLIAN)


def _selector_kind(suspect: _Suspect) -> _Kind | None:
    """One selector chooses how the character before it looks; a run of them encodes bytes."""
    if suspect.beside(SELECTORS):
        return HIDDEN
    plain = not suspect.before or suspect.before.isascii()
    if plain and suspect.before not in KEYCAPS and not _in_prose(suspect):
        return INVISIBLE
    return None


CLASSES: tuple[tuple[re.Pattern[str], _Kind, Callable[[_Suspect], bool]], ...] = (
    (re.compile("[\u202a-\u202e\u2066-\u2069]"), BIDI, _in_right_to_left_prose),
    (MARKS, MARK, _among_right_to_left),
    (re.compile("[\u200c\u200d]"), INVISIBLE, _joins),
    (re.compile("\ufeff"), INVISIBLE, _starts_the_file),
    (re.compile("\u200b"), INVISIBLE, _in_spaceless_script),
    (re.compile("\u00ad"), INVISIBLE, _in_prose),
    (re.compile("[\u115f\u1160\u180e]"), INVISIBLE, _in_own_script),
    (re.compile("\u2060"), INVISIBLE, _in_breaking_prose),
    # Invisible operators, blank Hangul letters, line and paragraph separator.
    (re.compile("[\u2061-\u2064\u3164\uffa0\u2028\u2029]"), INVISIBLE, _never),
    (re.compile("[\U000e0000-\U000e007f]"), HIDDEN, _never),
)
"""Characters, what they are called, and where they are honest; selectors depend on their run."""
