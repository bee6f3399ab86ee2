"""Secrets in a text that is about to leave: the known ones in any disguise, and token shapes.

What is looked for is cut into grams of a few characters once; a text is then read once per
reading, each position looked up in that index. The work is linear in the text and does not grow
with the number of secrets.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from reviewer_cli.core.checks import secret_shapes
from reviewer_cli.core.readings import Reading, bare, readings

SHORTEST = 8
"""Characters of a secret that is taken; shorter ones would be found in ordinary words."""
GRAM = 8
"""Characters that are looked up at once, which is also the shortest piece of a cut secret."""
FRAGMENT = 12
"""A part of a secret is a leak from so many characters on, or from half of it if that is more."""
# A line of a key that has several; a shorter one says nothing alone.
KEY_LINE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
LINE_ENDS = re.compile(r"\\[nr]|\s+")
# What follows the header of a key: its lines, however they are quoted, up to other text.
KEY_BODY = re.compile(r"(?:(?:\\[nr]|[\s\"',+>|]){0,40}+[A-Za-z0-9+/=]{16,}+){1,400}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Where a secret stands in a text and what kind it is, never what it is.

    `known` ones are ours; the others have the shape of a token that some provider issues.
    """

    kind: str
    known: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Form:
    """A secret in one encoding: `need` of its characters, found in a text, are a leak."""

    kind: str
    text: str
    need: int


@dataclass(slots=True)
class _Seen:
    """What a text shows of one form: which of its characters, and where they stand."""

    offsets: set[int] = field(default_factory=set)
    places: list[tuple[int, int]] = field(default_factory=list)


class KnownSecrets:
    """The secrets of this process, to be found in any text. It prints as nothing but a count.

    Threads may add and search at the same time without a lock: every change is one append to a
    list or one new key of a dictionary, and a form is complete before its first gram is indexed.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._index: dict[str, list[tuple[_Form, int]]] = {}
        self._whole: list[_Form] = []

    def __repr__(self) -> str:
        return f"<KnownSecrets: {len(self._values)}>"

    def add(self, value: str) -> None:
        """Look for this value from now on; of one with several lines, for each line that is key.

        Values shorter than 8 characters are not taken.
        """
        for part in _parts(value.strip()):
            if len(part) >= SHORTEST and part not in self._values:
                for form in _forms(part):
                    self._add(form)
                self._values.add(part)

    def found(self, text: str) -> tuple[Leak, ...]:
        """Every known secret and every token shape in the text, in order of place."""
        leaks = {leak for reading in readings(text) for leak in self._in(reading)}
        return tuple(sorted(leaks, key=lambda leak: (leak.start, -leak.end, not leak.known)))

    def redacted(self, text: str) -> str:
        """The text with each leak taken out; nothing else is changed."""
        return without(text, self.found(text))

    def _add(self, form: _Form) -> None:
        text = bare(form.text).text
        if len(text) < GRAM:
            self._whole.append(form)
        for offset in range(len(text) - GRAM + 1):
            self._index.setdefault(text[offset : offset + GRAM], []).append((form, offset))

    def _in(self, reading: Reading) -> Iterator[Leak]:
        for form, seen in self._seen(reading.text).items():
            if len(seen.offsets) >= form.need:
                for start, end in _joined(seen.places):
                    yield _leak(form.kind, reading, start, end, known=True)
        for form in self._whole:
            for match in re.finditer(re.escape(form.text), reading.text):
                yield _leak(form.kind, reading, *match.span(), known=True)
        for kind, start, end in _shapes(reading.text):
            yield _leak(kind, reading, start, end, known=False)

    def _seen(self, text: str) -> dict[_Form, _Seen]:
        """What the letters of the text show of each form; places are those of the whole text."""
        seen: dict[_Form, _Seen] = {}
        if not self._index:
            return seen
        letters = bare(text)
        for at in range(len(letters.text) - GRAM + 1):
            for form, offset in self._index.get(letters.text[at : at + GRAM], ()):
                shown = seen.setdefault(form, _Seen())
                shown.offsets.update(range(offset, offset + GRAM))
                shown.places.append((letters.at[at], letters.at[at + GRAM - 1] + 1))
        return seen


def without(text: str, leaks: Iterable[Leak]) -> str:
    """The text with these leaks of it replaced by their kind, so that the rest stays readable."""
    parts, end = [], 0
    for leak in sorted(leaks, key=lambda leak: (leak.start, not leak.known, -leak.end)):
        if leak.start >= end:
            label = "[redacted]" if leak.known else f"[redacted: {leak.kind}]"
            parts += [text[end : leak.start], label]
        end = max(end, leak.end)
    return "".join((*parts, text[end:]))


def _leak(kind: str, reading: Reading, start: int, end: int, *, known: bool) -> Leak:
    first, last = reading.place(start, end - 1)
    return Leak(kind=kind, known=known, start=first, end=last)


def _parts(value: str) -> Sequence[str]:
    """The value, or of a key with several lines those that hold key material.

    The first line of a key is left out: it is the same for all keys of its kind (its ASN.1 or
    OpenSSH header), so that it would be found in the keys of others.
    """
    lines = [line for line in LINE_ENDS.split(value) if KEY_LINE.fullmatch(line)]
    if "-----BEGIN" in value and len(lines) > 1:
        return lines[1:]
    return lines if len(lines) > 1 else [value]


def _forms(value: str) -> Iterator[_Form]:
    """The encodings of a value that keep its letters recognisable wherever it is embedded.

    Backwards text is a reading of its own, so only what is encoded after reversing is made here.
    """
    yield _Form(kind="a known secret", text=value, need=_fewest_letters(value))
    for words, text in (("", value), ("reversed, ", value[::-1])):
        data = text.encode("utf-8", "surrogatepass")
        coded = data.hex()
        need_coded = max(2 * FRAGMENT, len(coded) // 2)
        yield _Form(
            kind=f"a known secret, {words}in hex", text=coded, need=min(need_coded, len(coded))
        )
        for shift in range(3):
            coded = _base64_core(data, shift)
            # The ends of a fragment share characters with what stands beside it.
            need_coded = max(FRAGMENT, len(coded) // 2 - 4)
            length = len(bare(coded).text)
            yield _Form(
                kind=f"a known secret, {words}in base64", text=coded, need=min(need_coded, length)
            )


def _fewest_letters(value: str) -> int:
    """How many letters and digits the poorest fragment has that is long enough to be a leak."""
    size = min(len(value), max(FRAGMENT, (len(value) + 1) // 2))
    letters_of = {one: len(bare(one).text) for one in set(value)}
    before = tuple(accumulate((letters_of[one] for one in value), initial=0))
    # Sums, not a look at each fragment: a key of some thousand characters has as many of them.
    fewest = min(end - start for start, end in zip(before, before[size:], strict=False))
    return max(GRAM, fewest)


def _base64_core(data: bytes, shift: int) -> str:
    """The characters of base64 that are the same whatever stands around, after `shift` bytes."""
    coded = base64.b64encode(b"\0" * shift + data).decode("ascii").rstrip("=")
    first = (0, 2, 3)[shift]
    whole = (shift + len(data)) * 8 // 6
    return coded[first:whole]


def _joined(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Overlapping places as one."""
    start, end = -1, -1
    for first, last in sorted(places):
        if first >= end:
            if end > start:
                yield start, end
            start = first
        end = max(end, last)
    if end > start:
        yield start, end


def _shapes(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind and span of everything that has the shape of a token and is not a mere example."""
    for shape in secret_shapes.SHAPES:
        for match in shape.pattern.finditer(text):
            start, end = shape.span(match)
            if not secret_shapes.is_repetitive(text[start:end]):
                yield shape.name, start, end
    for begin in secret_shapes.PEM_BEGIN.finditer(text):
        body = KEY_BODY.match(text, begin.end())
        if body:
            yield "a private key", begin.start(), body.end()
