"""Hostile text: nothing unseen on a terminal, nothing alive in a posted review."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.sanitise import (
    UNSEEN,
    code_span,
    fenced,
    harmless_markdown,
    is_harmless_code,
    one_line,
    visible,
)
from tests.core.posted import (
    ANY_MARKDOWN,
    BLOCKS,
    COMMANDS,
    READER,
    alive,
    calls,
    commands,
)

#: Format characters that are drawn: signs over or before digits of several scripts.
DRAWN_FORMAT = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f]"
)


# ---- terminals


@pytest.mark.threat("T32", layer="terminal")
@given(st.text())
def test_visible_text_holds_no_control_format_or_surrogate_character(text: str) -> None:
    for character in visible(text):
        kind = unicodedata.category(character)
        assert character in "\n\t" or kind not in ("Cc", "Cs"), hex(ord(character))
        assert kind != "Cf" or DRAWN_FORMAT.match(character), hex(ord(character))


@pytest.mark.threat("T15", layer="sanitiser")
@pytest.mark.threat("T32", layer="sanitiser")
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


@pytest.mark.threat("T32", layer="terminal")
@given(st.text(), st.integers(min_value=1, max_value=40))
def test_one_line_is_one_line_and_no_wider_than_asked(text: str, width: int) -> None:
    line = one_line(text, width)
    assert len(line) <= width
    assert line.splitlines() in ([], [line])
    assert UNSEEN.search(line) is None


# ---- posted Markdown


@pytest.mark.threat("T16", layer="sanitiser")
@pytest.mark.threat("T17", layer="sanitiser")
@pytest.mark.threat("T18", layer="sanitiser")
@settings(max_examples=600, deadline=None)
@given(ANY_MARKDOWN)
@example("\\`\n`![x](//evil.example/a.png)`")
@example("!\\[x\\](//evil.example/a.png)")
@example("a | b\n--|--\n`![x](//evil.example/a.png) | y`")
@example("a |\n---\n`![x](//evil.example/a.png) | y`")
@example("`a\\|b`\n---\n`![x](//evil.example/a.png) | y`")
@example("a\n:-\n`![x](//evil.example/a.png) | y`")
@example("- ~~~\n")
@example("````\n")
@example("1https://evil.example")
@example("$`\\href{//evil.example}{x}`$")
def test_prose_has_nothing_alive_in_it(text: str) -> None:
    """No image, link, HTML, table, fence, mention, reference, address, command or marker."""
    made = harmless_markdown(text)
    assert alive(made) == []
    assert calls(made) == []
    assert commands(made) == []
    assert "<!--" not in made


@pytest.mark.threat("T16", layer="sanitiser")
@pytest.mark.threat("T17", layer="sanitiser")
@pytest.mark.threat("T18", layer="sanitiser")
@given(st.text())
def test_plain_text_of_any_kind_has_nothing_alive_in_it_either(text: str) -> None:
    test_prose_has_nothing_alive_in_it.hypothesis.inner_test(text)


@pytest.mark.threat("T16", layer="sanitiser", tries=9)
@pytest.mark.threat("T17", layer="sanitiser", tries=9)
@pytest.mark.threat("T18", layer="sanitiser", tries=9)
@pytest.mark.parametrize("piece", [*BLOCKS, *COMMANDS])
def test_each_known_trick_is_dead_wherever_it_begins(piece: str) -> None:
    for before in ("", "> ", "- ", "> 1. > ", "text\n\n", "\t", "é", "(", "`x` "):
        test_prose_has_nothing_alive_in_it.hypothesis.inner_test(f"{before}{piece}")


@pytest.mark.threat("T17", layer="sanitiser", tries=6)
@pytest.mark.parametrize("command", COMMANDS)
def test_code_with_a_line_that_a_bot_obeys_is_not_harmless(command: str) -> None:
    for before in ("", "x = 1\n", "  ", "> ", "\t", "x\r\n"):
        assert not is_harmless_code(f"{before}{command}\ny = 2")


@pytest.mark.parametrize(
    "code",
    [
        *(
            "// a comment",
            "/* a comment */",
            "@property\ndef f(self):",
            "@Override public void f()",
        ),
        *("/usr/bin/env python", "@media screen {", "@app.route('/approve')", "a / b", "x @ y"),
        *("/^regex$/.test(x)", "@Input() name: string;", "<!-- a comment -->", "/>"),
    ],
)
def test_ordinary_code_is_harmless(code: str) -> None:
    assert is_harmless_code(code)


@pytest.mark.threat("T22", layer="sanitiser")
def test_code_that_opens_our_marker_is_not_harmless() -> None:
    assert not is_harmless_code("x\n<!-- reviewer:v1 sha=00 sig=00 -->")


def test_code_spans_keep_their_code() -> None:
    assert harmless_markdown("use `a[0] < b` or ``x`y``") == "use `a[0] < b` or ``x`y``"


@pytest.mark.threat("T16", layer="sanitiser")
@pytest.mark.threat("T33", layer="sanitiser")
@given(st.text(alphabet="`ab \n<![](x)\\|", max_size=30))
def test_a_code_span_cannot_be_closed_from_inside(text: str) -> None:
    (inline,) = [token for token in READER.parse(f"x {code_span(text)} y") if token.children]
    kinds = [child.type for child in inline.children or []]
    assert kinds in (["text", "code_inline", "text"], ["text"] if not text.strip() else None)


@pytest.mark.threat("T16", layer="sanitiser")
@pytest.mark.threat("T33", layer="sanitiser")
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
