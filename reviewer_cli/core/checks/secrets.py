"""Secrets that a pull request adds, found without ever repeating one.

A finding shows a few characters and a length. Its quote, which only serves to find the line again,
ends where the secret begins (plus the characters that the text shows anyway).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer_cli.core.checks import secret_shapes as shapes
from reviewer_cli.core.checks.places import (
    is_generated,
    is_settings,
    lines_named,
    softened,
)
from reviewer_cli.core.diff import DiffLine, FileDiff, Places, is_fresh
from reviewer_cli.core.models import Finding, Severity

NEAR = 4
"""Added lines around an AWS key id in which its secret is looked for."""
LONGEST_SETTING = 1000
"""Characters of a line that is still read as `name = value`; longer ones are data."""
LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Leak:
    """Where a secret stands; without a rule it is part of the one before and only kept secret."""

    rule: str
    name: str
    severity: Severity
    line: DiffLine
    start: int
    end: int

    @property
    def shown(self) -> str:
        """At most four characters, and never more than a quarter of the secret."""
        return self.line.text[self.start : self.start + min(4, (self.end - self.start) // 4)]


Quotes = Mapping[int, str]
"""For each line number with a secret: the quote that stands for the line."""


def leaks(file: FileDiff) -> list[Leak]:
    """Every secret that the change adds to the file, in order."""
    lines = list(file.added_lines())
    found = [*_private_keys(lines), *_shaped(lines), *_aws(lines)]
    taken = {leak.line.new for leak in found}
    rest = [line for line in lines if line.new not in taken]
    found += _urls(rest)
    if not is_generated(file.path):
        taken = {leak.line.new for leak in found}
        found += _assignments([line for line in rest if line.new not in taken], file.path)
    return sorted(found, key=lambda leak: (leak.line.new or 0, leak.start))


def hidden_quotes(found: Sequence[Leak]) -> Quotes:
    """The quotes to use for lines whose text must not be repeated anywhere."""
    quotes: dict[int, str] = {}
    for leak in sorted(found, key=lambda leak: leak.start, reverse=True):
        text = leak.line.text
        quote = text[max(0, leak.start - LONGEST_QUOTE) : leak.start] + leak.shown
        if not leak.rule and len(quote.strip()) < 3:
            quote = "(secret)"  # a body line of a key: nothing of it may be shown
        quotes[leak.line.new or 1] = quote
    return quotes


def secrets(path: str, found: Sequence[Leak], fresh: Places | None = None) -> Iterator[Finding]:
    """One finding for each kind of secret in a file, at the worst place of its kind.

    Two where only some places are `fresh`: what came with a later push is told by itself.
    """
    quotes = hidden_quotes(found)
    kinds: dict[tuple[str, bool], list[Leak]] = {}
    for leak in found:
        if leak.rule:
            kinds.setdefault((leak.rule, is_fresh(fresh, path, leak.line)), []).append(leak)
    for same in kinds.values():
        yield _finding(path, same, quotes)


def safe_quote(finding: Finding, hidden: Quotes) -> Finding:
    """The same finding, its quote cut before any secret on its line."""
    quote = hidden.get(finding.line)
    return finding if quote is None else replace(finding, quote=quote)


def _finding(path: str, same: Sequence[Leak], quotes: Quotes) -> Finding:
    first = min(same, key=lambda leak: leak.severity.rank)
    number = first.line.new or 1
    others = sorted({leak.line.new or 1 for leak in same} - {number})
    also = f" The same kind of secret stands on {lines_named(others)}." if others else ""
    return Finding(
        path=path,
        line=number,
        severity=softened(first.severity, path),
        category="security",
        title=f"The change adds {first.name}",
        body=f"This looks like {first.name}: it begins with `{first.shown.replace('`', '?')}` and "
        f"has {first.end - first.start} characters. Everybody who can read the repository can use "
        "it, and removing the line leaves it in the history. Revoke it where it was issued, and "
        f"read the new one from the environment or a secret store.{also}",
        quote=quotes[number],
        rule=first.rule,
    )


def _shaped(lines: list[DiffLine]) -> Iterator[Leak]:
    for line in lines:
        for shape in shapes.SHAPES:
            for match in shape.pattern.finditer(line.text):
                start, end = shape.span(match)
                if not shapes.is_repetitive(line.text[start:end]):
                    yield Leak(shape.rule, shape.name, shape.severity, line, start, end)


def _aws(lines: list[DiffLine]) -> Iterator[Leak]:
    for at, line in enumerate(lines):
        for match in shapes.AWS_KEY_ID.finditer(line.text):
            if shapes.is_repetitive(match[0]):
                continue
            beside = list(_aws_secrets(lines[max(0, at - NEAR) : at + NEAR + 1]))
            severity = Severity.CRITICAL if beside else Severity.MEDIUM
            name = "an AWS key with its secret" if beside else "an AWS key id"
            yield Leak("secret-aws-key", name, severity, line, *match.span())
            yield from beside


def _aws_secrets(lines: list[DiffLine]) -> Iterator[Leak]:
    for line in lines:
        for match in shapes.AWS_SECRET.finditer(line.text):
            is_hash = all(letter in "0123456789abcdef" for letter in match[0])
            if not is_hash and not shapes.is_repetitive(match[0]) and shapes.entropy(match[0]) > 4:
                yield Leak("", "", Severity.CRITICAL, line, *match.span())


def _private_keys(lines: list[DiffLine]) -> Iterator[Leak]:
    """A header with a body; a header alone is what code that reads keys looks for."""
    for at, line in enumerate(lines):
        begin = shapes.PEM_BEGIN.search(line.text)
        if not begin:
            continue
        inline = shapes.PEM_BODY.search(line.text, begin.end())
        body = list(_pem_body(lines[at + 1 :]))
        if not inline and not any(shapes.PEM_BODY.search(text.text) for text in body):
            continue
        locked = begin["kind"].startswith("ENCRYPTED")
        severity = Severity.MEDIUM if locked else Severity.CRITICAL
        name = "an encrypted private key" if locked else "a private key"
        yield Leak("secret-private-key", name, severity, line, begin.start(), len(line.text))
        for text in body:
            yield Leak("", "", severity, text, 0, len(text.text))


def _pem_body(lines: list[DiffLine]) -> Iterator[DiffLine]:
    for line in lines[:200]:  # a 16 384-bit RSA key has some 200 lines
        if shapes.PEM_END.search(line.text) or shapes.PEM_BEGIN.search(line.text):
            return
        yield line


def _urls(lines: list[DiffLine]) -> Iterator[Leak]:
    for line in lines:
        for match in shapes.URL_PASSWORD.finditer(line.text):
            private = "." not in match["host"] or match["host"].startswith(("127.", "example."))
            if not private and ".example" not in match["host"] and _is_chosen(match["secret"]):
                name = "a URL with a password"
                span = match.span("secret")
                yield Leak("secret-url-password", name, Severity.HIGH, line, *span)


def _is_chosen(password: str) -> bool:
    return len(password) >= 6 and not shapes.is_placeholder(password) and not password.isalpha()


def _assignments(lines: list[DiffLine], path: str) -> Iterator[Leak]:
    patterns = [shapes.QUOTED_ASSIGNMENT]
    if is_settings(path):
        patterns.append(shapes.BARE_ASSIGNMENT)
    for line in lines:
        if len(line.text) > LONGEST_SETTING:
            continue
        for match in (found for pattern in patterns for found in pattern.finditer(line.text)):
            if shapes.ABOUT_A_SECRET.search(match["name"]):
                continue
            if shapes.looks_random(match["secret"]):
                name = "a hard-coded secret"
                span = match.span("secret")
                yield Leak("secret-generic", name, Severity.HIGH, line, *span)
