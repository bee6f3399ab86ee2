"""Whatever stands in a title, a name or a path is text in every format of a digest."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.sanitise import COMMAND, UNSEEN, WORD_JOINER
from reviewer_cli.core.untitled import untitled
from reviewer_cli.render.digest_html import page
from reviewer_cli.render.digest_markdown import MOST_OF_A_MESSAGE, brief, markdown
from tests.core.posted import ANY_MARKDOWN, READER, alive, calls, tokens
from tests.render.digest_samples import EVIL, FULL, SAMPLES, hostile
from tests.render.test_digest_goldens import on_terminal

TEXTS = st.lists(st.one_of(ANY_MARKDOWN, st.text(), st.sampled_from(EVIL)), min_size=1, max_size=5)
#: What a digest's own Markdown is built of.
OURS = ("table_open", "fence")
SHAPE = ("table_open", "tr_open", "td_open", "th_open", "heading_open", "list_item_open")
ALIVE = {"script", "img", "link", "iframe", "object", "base", "form", "src", "href", "a"}
FEW = settings(max_examples=12, deadline=None)


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes; code spans come from sentences."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "code":
            self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"<!--{data}")


@pytest.mark.threat("T33", layer="sanitiser", tries=len(EVIL))
@FEW
@example(list(EVIL))
@given(TEXTS)
def test_no_text_adds_a_tag_or_an_attribute_to_the_page(texts: list[str]) -> None:
    made = page(hostile(tuple(text or "x" for text in texts)))
    assert Skeleton(made).tags == Skeleton(page(harmless(texts))).tags
    assert UNSEEN.search(made.replace(WORD_JOINER, "")) is None


@pytest.mark.threat("T33", layer="sanitiser", tries=len(EVIL))
@FEW
@example(list(EVIL))
@given(TEXTS)
def test_no_text_lives_in_markdown_or_ends_its_cell(texts: list[str]) -> None:
    digest = hostile(tuple(text or "x" for text in texts))
    for form in (markdown, brief):
        made = form(digest)
        assert alive(made, allowed=OURS) == []
        assert calls(made) == []
        assert COMMAND.search(made) is None
        assert "<!--" not in made
        assert UNSEEN.search(made.replace(WORD_JOINER, "")) is None
    assert shape(markdown(digest)) == shape(markdown(harmless(texts)))


def test_no_text_pushes_a_number_out_of_its_row() -> None:
    """What is behind the last cell is dropped by a host, and what is before it moves on."""
    hostile_rows = rows(markdown(SAMPLES["hostile"]))
    for said, row in zip(hostile_rows, rows(markdown(harmless(list(EVIL)))), strict=True):
        numbers = [at for at, cell in enumerate(row) if re.match(r"[\d$<>-]", cell)]
        assert [said[at] for at in numbers] == [row[at] for at in numbers]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables as a host reads them."""
    found: list[list[str]] = []
    parsed = READER.parse(text)
    for at, token in enumerate(parsed):
        if token.type == "tr_open":
            found.append([])
        elif token.type in ("td_open", "th_open"):
            found[-1].append(parsed[at + 1].content)
    return found


def harmless(texts: list[str]) -> Digest:
    """The same digest with words that nobody could fear."""
    return hostile(("x",) * len(texts))


def shape(text: str) -> Counter[str]:
    """How many tables, rows, cells, headings and items a host sees."""
    return Counter(token.type for token in tokens(text) if token.type in SHAPE)


@pytest.mark.threat("T33", layer="terminal", tries=len(EVIL))
@FEW
@example(list(EVIL))
@given(TEXTS)
def test_no_text_steers_a_terminal(texts: list[str]) -> None:
    made = on_terminal(hostile(tuple(texts)))
    assert UNSEEN.search(made) is None
    assert on_terminal(hostile(tuple(texts)), encoding="ascii").isascii()


def test_the_words_themselves_are_all_there() -> None:
    """Made harmless is not taken out: a reader sees what was written."""
    said = "".join(Skeleton(SAMPLES_PAGE).words)
    assert "<script>alert(1)</script>" in said
    assert "[bold red]markup[/bold red] :smile:" in said
    assert "[bold red]markup[/bold red] :smile:" in on_terminal(SAMPLES["hostile"])


SAMPLES_PAGE = page(SAMPLES["hostile"])


def test_a_digest_without_titles_has_a_name_for_each_finding() -> None:
    told = untitled(FULL)
    for made in (page(told), markdown(told), on_terminal(told)):
        assert "critical: without its title" in made
        assert f"medium: number {FULL.draw[0].finding_id}" in made
        assert "A price is a float" not in made


@FEW
@given(TEXTS)
def test_a_message_is_short_whatever_is_in_it(texts: list[str]) -> None:
    for told in (texts, [text * 50 for text in texts]):
        made = brief(hostile(tuple(told)))
        assert len(made) <= MOST_OF_A_MESSAGE
        assert alive(made) == []


def test_a_message_is_not_cut_within_code() -> None:
    """What was quoted in a code span would come to life with its end cut off."""
    long = "`" + "@octocat " * 60 + "`"
    made = brief(hostile(("<" * 250, "<" * 250, long)))
    assert calls(made) == []
    assert len(made) <= MOST_OF_A_MESSAGE


@pytest.mark.parametrize("name", SAMPLES)
def test_a_terminal_of_80_columns_has_room(name: str) -> None:
    assert max(map(len, on_terminal(SAMPLES[name]).split("\n"))) <= 80


@pytest.mark.parametrize("width", [80, 120])
def test_what_changed_reads_without_colour(width: int) -> None:
    text = on_terminal(FULL, width=width)
    assert re.search(r"Acceptance +48 % +61 % +▼ fell", text)
    assert ("181 pull requests, 702 before" in text) is (width == 120)


def test_the_page_loads_and_runs_nothing() -> None:
    for digest in SAMPLES.values():
        made = page(digest)
        tags = Skeleton(made).tags
        assert set(" ".join(tags).split()).isdisjoint(ALIVE)
        assert [tag for tag in tags if "style" in tag] == ["style"]
        assert "default-src &#39;none&#39;" in made
