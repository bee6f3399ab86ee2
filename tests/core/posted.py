"""Posted Markdown as its host reads it: by a CommonMark and GFM parser, not by our own rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

READER = MarkdownIt("commonmark", {"linkify": True}).enable(["table", "strikethrough", "linkify"])
# GitHub links what has a scheme, a `www.` or an at sign, not every name with a dot in it.
READER.linkify.set({"fuzzy_link": False, "fuzzy_email": True})

ALIVE = ("image", "link_open", "html_inline", "html_block", "table_open", "fence", "s_open")
MENTION = re.compile(r"@[a-z0-9]", re.IGNORECASE)
REFERENCE = re.compile(r"#\d|\bgh-\d", re.IGNORECASE)
ADDRESS = re.compile(r"://|(?<![a-z0-9])www\.|(?<!\w)(?:mailto|xmpp|javascript):", re.IGNORECASE)
CLOSING = re.compile(r"\b(?:close|fix|resolve)[sd]?e?d?:?\s+\S*#\d", re.IGNORECASE)
COMMAND = re.compile(r"^\s*(?:(?:>|[-*+]\s|\d+[.)]\s|#+\s)\s*)*[/@]")
MATHS = re.compile(r"\$[^\s$\u2060]|\$\$|\$`")

#: Commands that bots obey when somebody writes them at the start of a line.
COMMANDS = (
    *(
        "/approve",
        "/lgtm",
        "/merge",
        "/retest",
        "/hold cancel",
        "/close",
        "/reopen",
        "/cc @octocat",
    ),
    *("/assign @octocat", "/label bug", "/ok-to-test", "/override ci", "/test all", "/rebase"),
    *("@dependabot merge", "@dependabot squash and merge", "@dependabot rebase", "@bors r+"),
    *("@dependabot ignore this dependency", "@mergifyio backport main", "@mergify[bot] queue"),
    *("@coderabbitai resolve", "@github-actions run", "@homu try", "@renovate rebase", "/azp run"),
    *("@renovate[bot] retry", "@k8s-ci-robot retest", "/cherry-pick v1", "/deploy production"),
    *("/approve!", "/run:tests", "@dependabot, merge"),
)

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
#: Full-width punctuation, other slashes and a grave accent, unusual blanks.
CONFUSABLE = "".join(map(chr, (*range(0xFF01, 0xFF10), 0xFF20, 0xFF3B, 0xFF3D, 0xFF40)))
CONFUSABLE += "\u2215\u2044\u02cb\u00a0\u2003\u3000"
BLOCKS = (
    *(
        "# heading",
        "## /approve",
        "---",
        "===",
        "***",
        "> quote",
        "> > > deep",
        "- item",
        "1. item",
    ),
    *(
        "  - nested",
        "    indented",
        "\t/approve",
        "- [ ] task",
        "> [!WARNING]",
        "a | b\n--|--\n1 | 2",
    ),
    *("| a |\n| - |\n| `x | ![i](//e.example) |", "a |\n---\n`![x](//e.example) | y`", "a\n:-"),
    *("```suggestion\nevil()\n```", "```", "~~~mermaid", "````", "<details>", "</details>"),
    *("<!-- reviewer:v1 sha=00 sig=00 -->", "<!--", "-->", "<img src=x onerror=y>", "<a href=//e>"),
    *("![x](https://e.example/p.png)", "[x](https://e.example)", "[x]: https://e.example 't'"),
    *("[x][]", "[^1]", "[^1]: note", "<https://e.example>", "<me@e.example>", "https://e.example"),
    *(
        "www.e.example",
        "1https://e.example",
        "é" + "http://e.example",
        "ftp://e.example",
        "//e.example",
    ),
    *("me@e.example", "mailto:me@e.example", "@octocat", "@org/team", "a@octocat", "#1", "GH-1"),
    *("owner/repo#1", "owner/repo@0123456789abcdef0123456789abcdef01234567", "octocat@01234567"),
    *("Closes #1", "fixes owner/repo#1", "Resolves: GH-1", "closes https://h.example/o/r/issues/1"),
    *("&lt;img&gt;", "&#64;octocat", "&commat;octocat", "&sol;approve", "&#91;x&#93;(//e.example)"),
    *("$x$", "$$\n\\href{//e.example}{x}\n$$", "$`x`$", "`", "``", "`code`", "`` ` ``", "`a|b`"),
    *(
        "\\",
        "\\\\",
        "\\`",
        "\\[x\\](//e.example)",
        "!\\[",
        "~~gone~~",
        ":shipit:",
        "\u200b",
        "\u202e",
    ),
)
MARKDOWN_PIECES = st.one_of(
    st.sampled_from(BLOCKS),
    st.sampled_from(COMMANDS),
    st.sampled_from(PUNCTUATION + CONFUSABLE),
    st.sampled_from(
        ("\n", "\r\n", "\r", "\n\n", "\n> ", "\n- ", "\n1. ", "\n    ", " ", "\t", "x")
    ),
    st.text(max_size=8),
)
ANY_MARKDOWN = st.lists(MARKDOWN_PIECES, max_size=14).map("".join)


def tokens(markdown: str) -> list[Token]:
    """All tokens, those inside paragraphs included, in order."""
    flat = []
    for token in READER.parse(markdown):
        flat += [token, *(token.children or [])]
    return flat


def prose(markdown: str) -> str:
    """What stands outside code, as a host sees it when it looks for mentions and references."""
    return "\n".join(token.content for token in tokens(markdown) if token.type == "text")


def alive(markdown: str, *, allowed: Iterable[str] = ()) -> list[str]:
    """The constructs that fetch, link, run or swallow what follows them."""
    kinds = set(ALIVE) - set(allowed)
    return [f"{token.type}: {token.content}" for token in tokens(markdown) if token.type in kinds]


def calls(markdown: str) -> list[str]:
    """Mentions, references, addresses and mathematics outside code."""
    said = prose(markdown)
    return [
        match[0]
        for pattern in (MENTION, REFERENCE, ADDRESS, CLOSING, MATHS)
        for match in pattern.finditer(said)
    ]


def commands(text: str) -> list[str]:
    """Lines of the bytes as they are that begin as a command does."""
    return [line for line in text.split("\n") if COMMAND.match(line)]
