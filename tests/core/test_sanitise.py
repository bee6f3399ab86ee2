"""Hostile text: nothing unseen on a terminal, nothing alive in a posted review."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reviewer_cli.core.sanitise import (
    UNSEEN,
    code_span,
    fenced,
    harmless_markdown,
    one_line,
    visible,
)

#: Format characters that are drawn: signs over or before digits of several scripts.
DRAWN_FORMAT = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f]"
)
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

#: Pieces out of which Markdown attacks are made; hypothesis joins them in any order.
PIECES = st.sampled_from(
    [
        *("`", "``", "```", "~~~", "\\", "[", "]", "(", ")", "!", "<", ">", "&", "|", ":", "-"),
        *("\n", "\n\n", "    ", " ", "*", "_", "#", "1. ", "- ", "> ", "/approve", "@team", "x"),
        *("![x](//evil.example/a.png)", "[x](javascript:alert)", "<img src=x>", "<!-- c -->"),
        *("[r]: http://evil.example", "http://evil.example", "|--|--|", "a | b", "&lt;", "\r"),
    ]
)
ANY_MARKDOWN = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join))


def tokens(markdown: str) -> list[Token]:
    flat = []
    for token in READER.parse(markdown):
        flat += [token, *(token.children or [])]
    return flat


def prose(markdown: str) -> str:
    """What stands outside code, as a host sees it when it looks for mentions and references."""
    return " ".join(token.content for token in tokens(markdown) if token.type == "text")


def alive(markdown: str) -> list[str]:
    """The constructs that fetch, link or run; and blocks that would swallow what follows."""
    kinds = ("image", "link_open", "html_inline", "html_block", "table_open", "fence")
    return [token.type for token in tokens(markdown) if token.type in kinds]


# ---- terminals


@given(st.text())
def test_visible_text_holds_no_control_format_or_surrogate_character(text: str) -> None:
    for character in visible(text):
        kind = unicodedata.category(character)
        assert character in "\n\t" or kind not in ("Cc", "Cs"), hex(ord(character))
        assert kind != "Cf" or DRAWN_FORMAT.match(character), hex(ord(character))


@pytest.mark.parametrize(
    "code",
    [
        *(0x1B, 0x9B, 0x7F, 0x07, 0x0D, 0x85, 0x202E, 0x2066, 0x200B, 0x2028, 0xFEFF, 0xFE0F, 0xAD),
        *(0xE0041, 0xE0100, 0xD800, 0x34F, 0x115F, 0x3164, 0xFFA0, 0x180E, 0x1D173, 0xFFF9),
    ],
)
def test_each_class_of_unseen_character_is_written_out(code: int) -> None:
    assert visible(f"a{chr(code)}b") == f"a\\u{{{code:x}}}b"


def test_ordinary_text_of_any_script_stays_as_it_is() -> None:
    text = "naïve  Straße 日本語 العربية हिन्दी 🙂\tЖЩ\nline [/nope] {x}"
    assert visible(text) == text


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_one_line_is_one_line_and_no_wider_than_asked(text: str, width: int) -> None:
    line = one_line(text, width)
    assert len(line) <= width
    assert line.splitlines() in ([], [line])
    assert UNSEEN.search(line) is None


# ---- posted Markdown


@settings(max_examples=400)
@given(ANY_MARKDOWN)
@example("\\`\n`![x](//evil.example/a.png)`")
@example("!\\[x\\](//evil.example/a.png)")
@example("a | b\n--|--\n`![x](//evil.example/a.png) | y`")
@example("a\n:-\n`![x](//evil.example/a.png) | y`")
@example("- ~~~\n")
@example("````\n")
def test_prose_has_no_image_link_html_table_or_open_fence_in_it(text: str) -> None:
    assert alive(harmless_markdown(text)) == []


@given(ANY_MARKDOWN)
def test_prose_never_begins_a_line_with_a_command_or_a_mention(text: str) -> None:
    found = re.search(r"(?m)^\s*(>\s*)*[/@]", harmless_markdown(text))
    assert found is None or found[0].strip() == "", found


@given(ANY_MARKDOWN)
def test_prose_mentions_nobody_and_refers_to_nothing(text: str) -> None:
    said = prose(harmless_markdown(text))
    assert re.search(r"@[\w-]", said) is None
    assert re.search(r"(?i)(#|\bGH-)\d", said) is None
    assert re.search(r"(?i)(?<![^\W_])(https?|ftp|mailto|xmpp):|(?<![^\W_])www\.", said) is None


@pytest.mark.parametrize(
    "text",
    [
        "@dependabot rebase",
        "> /approve",
        "fixes #12",
        "owner/name#12",
        "see GH-7 and _GH-8_",
        "www.evil.example",
        "_https://evil.example_",
        "mail me@evil.example",
        "<!-- reviewer:v1 sha=00 sig=00 -->",
        "[x]: //evil.example",
        "&#64;team",
    ],
)
def test_known_tricks_are_dead(text: str) -> None:
    made = harmless_markdown(text)
    test_prose_mentions_nobody_and_refers_to_nothing.hypothesis.inner_test(text)
    assert alive(made) == []
    assert "<!--" not in made


def test_code_spans_keep_their_code() -> None:
    assert harmless_markdown("use `a[0] < b` or ``x`y``") == "use `a[0] < b` or ``x`y``"


@given(st.text(alphabet="`ab \n<![](x)\\|", max_size=30))
def test_a_code_span_cannot_be_closed_from_inside(text: str) -> None:
    (inline,) = [token for token in READER.parse(f"x {code_span(text)} y") if token.children]
    kinds = [child.type for child in inline.children or []]
    assert kinds in (["text", "code_inline", "text"], ["text"] if not text.strip() else None)


@given(st.text(alphabet="`ab \n~<![](x)\\", max_size=40))
def test_a_fence_cannot_be_closed_from_inside(text: str) -> None:
    (block,) = READER.parse(fenced(text, "python"))
    assert block.type == "fence"
    assert block.content == f"{visible(text)}\n"


def test_no_text_makes_cleaning_slow() -> None:
    started = time.perf_counter()
    for piece in ("`", "`` ` ", "\\", "|", "> ", "[", "@a", "#1", "-:", "http:"):
        harmless_markdown(piece * (4000 // len(piece)) + "x")
    assert time.perf_counter() - started < 3.0
