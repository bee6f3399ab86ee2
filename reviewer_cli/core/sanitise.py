"""Hostile text made harmless: for terminals and logs, for prompts, and for posted Markdown."""

from __future__ import annotations

import re

# Controls but tab and line feed, bidirectional controls (CVE-2021-42574), zero-width characters,
# variation selectors, surrogates and tag characters: all that a reader cannot see.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)")
MENTION = re.compile(r"@(?=[\w-])")
REFERENCE = re.compile(r"(?<![\w&])(#|GH-)(?=\d)", re.IGNORECASE)
SCHEME = re.compile(r"\b(https?|ftp|mailto|javascript|data)(:)", re.IGNORECASE)
WORD_JOINER = "\u2060"


def visible(text: str) -> str:
    r"""The same text with each unseen character written as \u{hex}; line feed and tab stay."""
    return UNSEEN.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", text)


def one_line(text: str, width: int = 200) -> str:
    """Visible text on one line of at most `width` characters, for titles and table cells."""
    line = " ".join(visible(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def harmless_markdown(text: str) -> str:
    """Model prose that can be posted: no HTML, image, link, mention, reference or command in it.

    Code spans stay as they are, since GitHub does nothing with what stands in them.
    """
    return "\n".join(_harmless_line(line) for line in visible(text).split("\n"))


def code_span(text: str) -> str:
    """Text as an inline code span that nothing inside can close."""
    content = one_line(text, 300)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", content)), default=0) + 1)
    pad = " " if content.startswith("`") or content.endswith("`") or not content.strip() else ""
    return f"{ticks}{pad}{content}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Text as a fenced block whose fence is longer than any run of backticks inside."""
    content = visible(text)
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", content)), 3)
    return f"{ticks}{language}\n{content}\n{ticks}"


def _harmless_line(line: str) -> str:
    pieces, end = [], 0
    for span in CODE_SPAN.finditer(line):
        pieces += [_harmless_prose(line[end : span.start()]), span[0]]
        end = span.end()
    pieces.append(_harmless_prose(line[end:]))
    joined = "".join(pieces)
    # A reply that starts with a slash is a command to many bots.
    return re.sub(r"^(\s*(?:>\s*)*)/", r"\1\\/", joined)


def _harmless_prose(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("`", "\\`")
    text = text.replace("[", "\\[").replace("]", "\\]")
    text = SCHEME.sub(rf"\1{WORD_JOINER}\2", text)
    text = MENTION.sub(f"@{WORD_JOINER}", text)
    return REFERENCE.sub(rf"\1{WORD_JOINER}", text)
