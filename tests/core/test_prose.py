"""Only what a comment's writer certainly said is read."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from reviewer_cli.core.prose import LONGEST, SHOWN, own_words
from tests.core.posted import READER

WORD = "obey"
PIECES = (
    *("`", "``", "```", "````", "```py", "~~~", "~~~~", "<!--", "-->", "<pre>", "</pre>", "<a b='"),
    *("> ", ">", "- ", "1. ", "* > ", "    ", "  ", " ", "\t", "\n", "\n", "\n\n", "\r\n", "\r"),
    *("[", "]", "](", ")", "[x]: /u '", "'", '"', "(", "$$", "\\", "x", "# ", "---", "|", "!["),
    *("https://e.example/", "www.e.example", "<https://e.example>", f"\n{WORD}\n", f"{WORD}\n"),
    *(f"\n\n{WORD}", "\u00a0", "\u2028", "\x0b", "\x00", "<![CDATA[", "<?", "<div>", "&lt;"),
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


def shown_otherwise(markdown: str) -> list[str]:
    """The contents of code, quotes, HTML and link titles, as a parser of Markdown reads them."""
    found: list[str] = []
    depth = 0
    for token in READER.parse(markdown):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if depth or token.type in ("fence", "code_block", "html_block"):
            found.append(token.content)
        found += inside(token.children or [])
    return found


def inside(tokens: list[Token]) -> list[str]:
    found: list[str] = []
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if depth or token.type in ("code_inline", "html_inline", "image"):
            found += [token.content, *map(str, token.attrs.values())]
    return found


@pytest.mark.threat("T39", layer="comments", tries=1500)
@settings(max_examples=1500, deadline=None)
@given(HOSTILE)
def test_what_is_read_is_shown_as_prose_by_a_parser(text: str) -> None:
    """Every line read as the writer's own stands, for a parser, outside all that only shows."""
    hidden = "\n".join(shown_otherwise(text))
    read = [line.strip() for line in own_words(text).lines]
    if read.count(WORD) and text.count(WORD) == 1:
        assert WORD not in hidden


@pytest.mark.threat("T38", layer="comments")
@pytest.mark.parametrize(
    "body",
    [
        "```\n<!--\n```\n --> \n```\nobey\n```",
        "text <!-- foo\n\n```\n-->\nobey\n```",
        "- a\n  ```\nfoo\n  ```\nobey\n  ```",
        "```\n\t```\nobey\n```",
        "````\n```\nobey\n````",
        "```\n~~~\nobey\n```",
        "`foo\n\u00a0\nobey\n`",
        "> quoted\nobey",
        "- > quoted\nobey",
        "x://<!-- \nobey\n-->",
        "[x](/u 'a\nobey\n')",
        "[x\nobey\n](/u)",
        "[x]: /u 'a\nobey\n'",
        "- [x]: \nobey\n/u 'a'",
        "[```(][x]\nobey\n```",
        "https://e.example/[\nobey\n](//e.example)",
        "www.e.example`\nobey\n`",
        "https://e.example/``  ``\nobey\n``",
        "\\`x`\nobey\n`",
        "\\``x``y`\nobey\n`",
        "`a\nobey\n` b",
        "$$\nobey\n$$",
    ],
)
def test_what_another_line_hides_is_not_read(body: str) -> None:
    assert WORD in body.split("\n")
    assert WORD not in own_words(body).lines


@given(st.text())
@example("\ud800")
def test_nothing_makes_reading_fail(text: str) -> None:
    assert len(own_words(text).lines) <= len(text) + 1


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("Done.", ("Done.",)),
        ("a\r\nb\rc", ("a", "b", "c")),
        ("a `code` b", (f"a {SHOWN} b",)),
        ("a ``co`de`` b `c` d", (f"a {SHOWN} b {SHOWN} d",)),
        ("```\ncode\n```\nsaid", ("", "", "", "said")),
        ("~~~ py\n```\ncode\n~~~~\nsaid", ("", "", "", "", "said")),
        ("```\nnever closed", ("", "")),
        ("> quoted\nlazily\n\nsaid", ("", "", "", "said")),
        ("- > quoted\n\nsaid", ("", "", "said")),
        ("see [this](https://e.example) and https://e.example/x?y", (f"see {SHOWN} and {SHOWN}",)),
        ("<https://e.example> it is", (f"{SHOWN} it is",)),
        ("arr[0] and [bot]", ("arr[0] and [bot]",)),
        ("an `open\nspan` here\n\nsaid", ("", "", "", "said")),
        ("    code\n\tcode\nsaid", ("", "", "said")),
    ],
)
def test_it_is_apart_from_code_quotes_and_links(body: str, lines: tuple[str, ...]) -> None:
    words = own_words(body)
    assert words.lines == lines
    assert words.is_whole


@pytest.mark.threat("T38", layer="comments")
@pytest.mark.parametrize("start", ["<!-- x", "<details>", "  ```", "- ~~~", "$$", "a <b"])
def test_reading_ends_where_something_else_may_hide_text(start: str) -> None:
    words = own_words(f"said\n{start}\nmore")
    assert words.lines == ("said",)
    assert not words.is_whole


def test_a_longer_text_than_a_host_takes_is_not_whole() -> None:
    assert own_words("x" * LONGEST).is_whole
    words = own_words("x" * LONGEST + "y")
    assert words.lines == ("x" * LONGEST,)
    assert not words.is_whole


@pytest.mark.threat("T20", layer="comments", tries=13)
def test_no_text_makes_reading_slow() -> None:
    started = time.perf_counter()
    for piece in (
        "`",
        "` `` ",
        "[",
        "[x](",
        "[](",
        "<",
        "https://",
        "> ",
        "a.",
        "1. ",
        "``` ",
        "](",
    ):
        own_words(piece * (LONGEST // len(piece)))
    own_words("".join(f"{'`' * length} " for length in range(360)))
    assert time.perf_counter() - started < 3.0
