"""The ways in which a text can be read: as it stands, backwards, and with what is encoded decoded.

Each reading knows for every one of its characters where it comes from in the original text, so
that what is found in a reading can be pointed at, and taken out, in the original.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Escapes of URLs, HTML, JSON, Python, C and of `visible()`; each can stand for a letter or be put
# between two of them.
ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    r"|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
    r"|\b0x[0-9A-Fa-f]{2}\b|\\[0-3][0-7]{2}|\\[nrt]"
)
# Shorter runs hold less than a key, and most of them are words.
ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}")
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a text; character i stands for original[starts[i]:ends[i]]."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Where the characters from `first` to `last`, both included, stand in the original."""
        return (
            min(self.starts[first], self.starts[last]),
            max(self.ends[first], self.ends[last]),
        )

    def backwards(self) -> Reading:
        """The same characters, last first."""
        return Reading(text=self.text[::-1], starts=self.starts[::-1], ends=self.ends[::-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """Only the letters and digits of a reading, casefolded; `at` says where each stood in it."""

    text: str
    at: Sequence[int]


def readings(original: str) -> Iterator[Reading]:
    """All readings of a text; each is about as long as the text, so their sum is linear in it."""
    size = len(original)
    plain = Reading(text=original, starts=range(size), ends=range(1, size + 1))
    for reading in (plain, _unescaped(plain), _decoded(plain)):
        if reading is not None:
            yield reading
            yield reading.backwards()


def bare(text: str) -> Bare:
    """What is left of a text when all that can be put between letters is taken away.

    Compatibility forms (full width, mathematical) count as the letters that they look like.
    """
    if text.isascii():
        folded, kept = text.lower(), [at for at, one in enumerate(text) if one.isalnum()]
        return Bare(text="".join([folded[at] for at in kept]), at=kept)
    letters = {one: _letters(one) for one in set(text)}
    pairs = [(letter, at) for at, one in enumerate(text) for letter in letters[one]]
    return Bare(text="".join(letter for letter, _ in pairs), at=[at for _, at in pairs])


def _letters(one: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", one).casefold()))


def _unescaped(plain: Reading) -> Reading | None:
    """The text with its escapes resolved; None when it has none."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in (*ESCAPE.finditer(plain.text), None):
        start, end = match.span() if match else (len(plain.text), len(plain.text))
        meant = _meaning(match[0]) if match else ""
        parts += [plain.text[done:start], meant]
        starts += [*range(done, start), *[start] * len(meant)]
        ends += [*range(done + 1, start + 1), *[end] * len(meant)]
        done = end
    text = "".join(parts)
    return None if text == plain.text else Reading(text=text, starts=starts, ends=ends)


def _meaning(escape: str) -> str:
    if escape.startswith("&"):
        return html.unescape(escape)
    if escape.startswith("%"):
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape in (r"\n", r"\r", r"\t"):
        return " "
    digits = escape.lstrip("\\0xuU{").rstrip("}") or "0"
    number = int(escape[1:], 8) if escape[1].isdigit() and escape[0] == "\\" else int(digits, 16)
    return chr(number) if number < 0x110000 else ""


def _decoded(plain: Reading) -> Reading | None:
    """What the base64 and hex runs of a text hold, one after another; None when it has none."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in ENCODED.finditer(plain.text):
        held = f"{_content(match[0])}\n"
        parts.append(held)
        starts += [match.start()] * len(held)
        ends += [match.end()] * len(held)
    return Reading(text="".join(parts), starts=starts, ends=ends) if parts else None


def _content(run: str) -> str:
    if HEX.fullmatch(run):
        return bytes.fromhex(run).decode("latin-1")
    whole = run[: len(run) - (len(run) % 4 == 1)]
    padded = whole + "=" * (-len(whole) % 4)
    return base64.b64decode(padded, altchars=_alphabet(run)).decode("latin-1")


def _alphabet(run: str) -> bytes:
    return b"-_" if "-" in run or "_" in run else b"+/"
