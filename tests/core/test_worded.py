"""A model's paragraph: nothing of others reaches the model, and no number of its own comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer_cli.core.activity import Cost, Latency, Trouble, Volume
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import duration, money, number, percent
from reviewer_cli.core.measures import Named, Point, Share, Spread
from reviewer_cli.core.quality import Accuracy, Checks, Feedback, Noise
from reviewer_cli.core.sanitise import WORD_JOINER, harmless_markdown, visible
from reviewer_cli.core.worded import (
    LONGEST,
    SHARES,
    accepted,
    figures,
    numbers_of,
    paragraph,
)
from reviewer_cli.errors import InvalidReply
from tests.render.digest_samples import EMPTY, FULL, SAMPLES, share

GOOD = (
    "Acceptance fell from 61 % to 48 %, more than chance would do, and the time from push to "
    "review rose from 6 min to 19 min. Look at the 3 dead heads first; $3.91 was wasted."
)
STRANGE = "zqx"


def told(value: Any, change: Callable[[str], str]) -> Any:
    """The same tree with every text in it changed, but those that are of an enumeration."""
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return change(value)
    if isinstance(value, tuple):
        return tuple(told(one, change) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in fields(value))
        return replace(value, **{name: told(getattr(value, name), change) for name in names})
    return value


@settings(deadline=None)
@given(st.text(max_size=20), st.sampled_from(["append", "prepend", "instead"]))
def test_no_word_of_others_reaches_the_model(evil: str, how: str) -> None:
    """Whatever text stands anywhere in a digest, and whatever it looks like."""
    changes: dict[str, Callable[[str], str]] = {
        "append": lambda text: f"{text}{STRANGE}{evil}",
        "prepend": lambda text: f"{evil}{STRANGE}{text}",
        "instead": lambda _: f"{STRANGE}{evil}",
    }
    sent = numbers_of(told(FULL, changes[how]))
    assert STRANGE not in sent
    assert json.loads(sent)["volume"]["reviewed"] == FULL.volume.reviewed


@pytest.mark.parametrize("digest", SAMPLES.values(), ids=SAMPLES)
def test_no_repository_title_place_or_model_of_a_real_digest_reaches_the_model(
    digest: Digest,
) -> None:
    sent = numbers_of(digest)
    names = {one.repo for one in (*digest.cost.repositories, *digest.advice, *digest.draw)}
    names |= {one.name for one in (*digest.accuracy.by_model, *digest.accuracy.by_repository)}
    names |= {one.place for one in (*digest.draw, *digest.nearly_missed)}
    names |= {one.title or "" for one in (*digest.draw, *digest.nearly_missed)}
    names |= {one.name for one in (*digest.trouble.openings, *digest.trouble.failed_polls)}
    assert [name for name in names if name and json.dumps(name)[1:-1] in sent] == []
    assert not re.search(r"acme|github|script|\\u", sent)


def test_the_model_gets_the_numbers_as_a_digest_writes_them() -> None:
    sent = json.loads(numbers_of(FULL))
    assert sent["accuracy"]["whole"]["acceptance"] == {
        "hits": 198,
        "of": 412,
        "rate": "48 %",
        "interval": "43 % to 53 %",
    }
    assert sent["latency"]["first"]["p99"] == "9 h 45 min"
    assert sent["cost"]["usd"] == "$118.43"
    assert sent["cost"]["usd_before"] == "$104.90"
    assert sent["cost"]["use"]["usd_of_cap"] == "84 %"
    assert sent["trouble"]["longest"] == {"seconds": "9 h 3 min", "is_over": True}
    assert sent["advice"]["cap was hit"] == 1
    assert "Acceptance (one repository) fell from 59 % to 32 %" in sent["changes"][-1]


def test_a_rate_of_few_and_what_was_not_recorded_are_not_given() -> None:
    sent = json.loads(numbers_of(FULL))
    critical = sent["accuracy"]["by_severity"][-1]
    assert critical["acceptance"] == {"hits": 6, "of": 8}
    few = replace(FULL, noise=replace(FULL.noise, silent=share(4, 9)))
    assert json.loads(numbers_of(few))["noise"]["silent"] == {"hits": 4, "of": 9}
    assert "merged" not in json.loads(numbers_of(EMPTY))["volume"]


def test_each_fraction_of_a_digest_is_written_with_a_unit_that_was_thought_of() -> None:
    """A new field would else be told as a bare number."""
    bare = {"per_review", "tokens_per_review"}
    rooms = (Volume, Latency, Cost, Trouble, Feedback, Accuracy, Noise, Checks)
    found = {name for room in rooms for name in fractions(room)}
    assert {name for name in found if "usd" not in name and not name.endswith("_s")} <= (
        SHARES | bare | {"seconds"}
    )
    assert found > SHARES


def fractions(of: Any) -> Iterator[str]:
    """The names of all fields that are no whole numbers, but those of shares and spreads."""
    for name, hint in get_type_hints(of).items():
        for one in kinds(hint):
            if one is float:
                yield name
            elif is_dataclass(one) and one not in (Share, Spread, Point, Named):
                yield from fractions(one)


def kinds(hint: Any) -> Iterator[Any]:
    if isinstance(hint, UnionType) or get_args(hint):
        for one in get_args(hint):
            yield from kinds(one)
    else:
        yield hint


def test_a_good_paragraph_is_told_as_it_is() -> None:
    assert accepted(GOOD, FULL) == GOOD
    assert accepted(f"\n {GOOD} ", FULL) == GOOD


@pytest.mark.parametrize(
    "said",
    [
        "The interval is 43-53 %.",
        "The interval is 43\u201353 %.",
        "It lies between 43 and 53 percent.",
        "It lies between 43 % and 53%.",
        "The tokens were 9,412,008.",
        "The tokens were 9412008.",
        "It took 9 hours and 45 minutes.",
        "The model\u2019s share is 20\u00a0%.",
        "In 2026-W47 it was so, against the 4 weeks before.",
        "Nothing needs a number.",
    ],
)
def test_numbers_may_be_spelt_in_other_ways(said: str) -> None:
    told = accepted(said, FULL)
    assert told is not None
    assert told.isascii()


@pytest.mark.parametrize(
    "said",
    [
        "Acceptance fell to 47.9 %.",
        "Acceptance fell by 13 %.",
        "Acceptance is 0.480583.",
        "It cost $118.",
        "It cost $412.",
        "It cost 118.43.",
        "There were 48 reviews.",
        "There were 19 % of them.",
        "It took 19 h.",
        "It took 388 days.",
        "There were 388k reviews.",
        "There were -388 reviews.",
        "There were 3.88e2 reviews.",
        "There were 1e9 reviews.",
        "There were 388x more.",
        "The odds are 2:1.",
        "There were 1,2 reviews.",
        "There were 3 88 999 reviews.",
        "It halved.",
        "It doubled.",
        "There were two reviews.",
        "A third was wrong.",
        "A twofold rise.",
        "Ninety-nine percent were wrong.",
        "There were a thousand reviews.",
        "There were \u0663\u0668\u0668 reviews.",
        "There were \uff13\uff18\uff18 reviews.",
        "There were 388\u00b2 reviews.",
        "About \u00bd of them.",
        "Chapter \u2167.",
    ],
)
def test_a_number_that_is_none_of_the_digests_is_not_told(said: str) -> None:
    assert accepted(said, FULL) is None


@pytest.mark.parametrize("digest", SAMPLES.values(), ids=SAMPLES)
@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e9, allow_nan=False), st.sampled_from("%$st#"))
def test_no_invented_number_is_told_in_any_form(digest: Digest, value: float, unit: str) -> None:
    forms = {"%": percent, "$": money, "s": duration, "t": number, "#": lambda one: f"{one:.0f}"}
    form = forms[unit](value).replace("<", "").replace(">", "")
    is_known = figures(form) <= figures(numbers_of(digest))
    assert (accepted(f"It was {form}, so much.", digest) is not None) is is_known


@pytest.mark.parametrize("digest", SAMPLES.values(), ids=SAMPLES)
def test_every_number_that_the_model_gets_may_be_told(digest: Digest) -> None:
    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from texts(one)
        elif not isinstance(value, bool) and not re.fullmatch(r"\d\+", str(value)):
            yield str(value)

    found = list(texts(json.loads(numbers_of(digest))))
    assert len(found) > 20
    assert [one for one in found if accepted(f"It was {one}", digest) is None] == []


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "# All well",
        "- All well",
        "1. All well",
        "> All well",
        "All **well**",
        "All `well`",
        "All <b>well</b>",
        "All [well](x)",
        "See https://example.com now",
        "See example.com now",
        "See www.example.com now",
        "Write to mailto:somebody now",
        "Ask @somebody",
        "/merge",
        "It is well :shipit:",
        "All well.\n\nAll done.",
        "All well.\nAll done.",
        "All\twell",
        "All well\u202e",
        "All w\u200bell",
        "All w\u0435ll",
        "All \x1b[31mwell",
        "A | B",
        "a" * (LONGEST + 1),
    ],
)
def test_what_is_more_than_one_plain_paragraph_is_not_told(said: str) -> None:
    assert accepted(said, FULL) is None


def test_a_paragraph_has_600_characters_at_most() -> None:
    assert accepted("a" * LONGEST, FULL) == "a" * LONGEST


SCRAPS = st.sampled_from(
    (
        "All",
        "well",
        " ",
        "\n",
        ".",
        ":",
        "www",
        "com",
        "<!--",
        "`",
        "$",
        "@x",
        "#1",
        "[a](b)",
        "61 %",
    )
)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=LONGEST + 50), st.lists(SCRAPS, max_size=12).map("".join)))
def test_whatever_a_model_says_what_is_told_is_plain(said: str) -> None:
    told = accepted(said, FULL)
    if told is not None:
        assert told.isascii()
        assert told.isprintable()
        assert 0 < len(told) <= LONGEST
        assert visible(told) == told
        assert harmless_markdown(told).replace(WORD_JOINER, "") == told


@pytest.mark.parametrize("data", [None, {}, [], "text", {"paragraph": 1}, {"paragraph": None}])
def test_an_answer_of_another_shape_is_no_paragraph(data: object) -> None:
    with pytest.raises(InvalidReply, match="no paragraph"):
        paragraph(data)


def test_an_answer_holds_its_paragraph() -> None:
    assert paragraph({"paragraph": GOOD}) == GOOD
