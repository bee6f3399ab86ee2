"""Hostile text made harmless: for terminals and logs, for prompts, and for posted Markdown."""

from __future__ import annotations

import re

# Controls but tab and line feed, bidirectional controls (CVE-2021-42574), zero-width characters,
# fillers, variation selectors, surrogates and tag characters: all that a reader cannot see
# (Unicode's Default_Ignorable_Code_Point, with the other format characters that draw nothing).
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)")
MENTION = re.compile(r"@(?=[\w-])")
REFERENCE = re.compile(r"(#|(?<![^\W_])GH-)(?=\d)", re.IGNORECASE)
# Whatever stands before it: cmark-gfm links an address that follows a digit or a foreign letter.
ADDRESS = re.compile(
    r"(/(?=/)|www(?=\.)|(?<![^\W_])(?:mailto|xmpp|javascript|data)(?=:))", re.IGNORECASE
)
# Only below such a line is a table, whose cells end at a pipe even inside a code span.
TABLE_RULE = re.compile(r"([\s>*+\-|:.)0-9]*)-([\s|:]*)")
# What may stand before a command that is first on its line: quotes, list items, headings.
LINE_START = re.compile(r"^((?:\s|>|[-*+]\s|\d+[.)]\s|#+\s)*)([/@])")
WORD_JOINER = "\u2060"

# What bots obey where it is a line of its own, also in code: a slash command, or a name and a verb
# that Dependabot, Mergify, bors or a reviewing bot documents.
VERBS = (
    r"r[+=]|(?:approve|backport|build|cancel|close|copy|delegate|dequeue|fix|generate|help|ignore|"
    r"label|lgtm|merge|pause|queue|rebase|recreate|refresh|reopen|requeue|resolve|resume|retest|"
    r"retry|review|run|show|squash|summary|test|try|unignore|update)\b"
)
COMMAND = re.compile(
    rf"(?im)^[ \t>]*(?:/[a-z][\w-]*(?:[ \t!:,]|$)|@[\w-]+(?:\[bot\])?[,:]?[ \t]+(?:{VERBS}))"
)
MARKER_START = "<!--"


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
    content = _without_marker(one_line(text, 300))
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", content)), default=0) + 1)
    pad = " " if content.startswith("`") or content.endswith("`") or not content.strip() else ""
    return f"{ticks}{pad}{content}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Text as a fenced block whose fence is longer than any run of backticks inside."""
    content = visible(text)
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", content)), 3)
    return f"{ticks}{language}\n{content}\n{ticks}"


def is_harmless_code(text: str) -> bool:
    """Whether code can be posted as it is: no line is a bot's command, nothing opens our marker."""
    return COMMAND.search(text) is None and "<!-- reviewer:" not in text


def _without_marker(code: str) -> str:
    """The only `<!--` of a review is the one of its marker, which is looked for in its bytes."""
    return code.replace(MARKER_START, f"<{WORD_JOINER}!--")


def _harmless_line(line: str) -> str:
    pieces, end = [], 0
    for span in CODE_SPAN.finditer(line):
        pieces += [_harmless_prose(line[end : span.start()]), _without_marker(span[0])]
        end = span.end()
    pieces.append(_harmless_prose(line[end:]))
    joined = "".join(pieces)
    if rule := TABLE_RULE.fullmatch(joined):
        joined = rf"{rule[1]}\-{rule[2]}"
    # A line that starts with a slash or a name is a command to many bots.
    return LINE_START.sub(r"\1\\\2", joined)


def _harmless_prose(text: str) -> str:
    # The backslash first: in front of an escaped character it would undo the escape.
    text = re.sub(r"([\\`\[\]~])", r"\\\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = ADDRESS.sub(rf"\1{WORD_JOINER}", text)
    # GitHub reads mathematics between dollar signs, and in code between them.
    text = text.replace("$", f"{WORD_JOINER}${WORD_JOINER}")
    text = MENTION.sub(f"@{WORD_JOINER}", text)
    return REFERENCE.sub(rf"\1{WORD_JOINER}", text)
