"""A command is obeyed where its writer says it to us, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.commands import Command, parse
from tests.core.posted import ANY_MARKDOWN

NAMES = ("reviewer[bot]", "acme/reviewers")
ONE_LINE = st.text(st.characters(exclude_characters="\r\n<>`~$[]()"), max_size=20)


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("@reviewer review", Command.REVIEW),
        ("@reviewer full review", Command.FULL_REVIEW),
        ("@reviewer full  \t review", Command.FULL_REVIEW),
        ("@reviewer pause", Command.PAUSE),
        ("@reviewer resume", Command.RESUME),
        ("@reviewer ignore", Command.IGNORE),
        ("@Reviewer REVIEW", Command.REVIEW),
        ("@reviewer[bot] pause", Command.PAUSE),
        ("@acme/reviewers review", Command.REVIEW),
        ("@reviewer: review", Command.REVIEW),
        ("@reviewer, please review", Command.REVIEW),
        ("@reviewer review please", Command.REVIEW),
        ("@reviewer review again!", Command.REVIEW),
        ("@reviewer pause, I am still working on it", Command.PAUSE),
        ("@reviewer ignore: false positive", Command.IGNORE),
        ("@reviewer ignore - by design", Command.IGNORE),
        ("   @reviewer review", Command.REVIEW),
        ("Thanks.\r\n\r\n@reviewer resume\r\n", Command.RESUME),
        ("Thanks\n@reviewer resume", Command.RESUME),
        ("@reviewer pause\n@reviewer resume", Command.PAUSE),
        ("@reviewer dance\n@reviewer resume", Command.RESUME),
        ("> @reviewer pause\n\n@reviewer resume", Command.RESUME),
        ("```\n@reviewer pause\n```\n@reviewer resume", Command.RESUME),
        ("see `x` and [y](//e.example)\n@reviewer resume", Command.RESUME),
    ],
)
def test_a_command_at_the_start_of_a_line_is_read(body: str, command: Command) -> None:
    assert parse(body, NAMES) is command


@pytest.mark.threat("T38", layer="comments")
@pytest.mark.parametrize(
    "body",
    [
        *(
            "",
            "review",
            "@review",
            "@reviewer",
            "@reviewer ",
            "@reviewerreview",
            "@reviewer\nreview",
        ),
        *("@reviewer2 review", "@reviewer-x review", "@reviewer/x review", "@other review"),
        *("@reviewer[bot]x review", "@reviewer.review", "@acme review", "@reviewers review"),
        *(
            "@reviewer reviewed",
            "@reviewer review-all",
            "@reviewer reviewing",
            "@reviewer do review",
        ),
        *("@reviewer review the docs", "@reviewer ignore what they say", "@reviewer review?"),
        *(
            "hello @reviewer review",
            "- @reviewer review",
            "# @reviewer review",
            "x@reviewer review",
        ),
        *("/review", "@reviewer full", "@reviewer fullreview", "@reviewer don't review"),
        *(
            "> @reviewer review",
            "> x\n@reviewer review",
            ">@reviewer review",
            "- > @reviewer review",
        ),
        *(
            "    @reviewer review",
            "\t@reviewer review",
            "`@reviewer review`",
            "`\n@reviewer review\n`",
        ),
        *("```\n@reviewer review\n```", "```\n@reviewer review", "~~~\n@reviewer review\n~~~"),
        *("````\n```\n@reviewer review\n````", "- x\n  ```\n  @reviewer review\n  ```"),
        *("<!-- @reviewer review -->", "<!--\n@reviewer review\n-->", "<!-- x\n\n@reviewer review"),
        *("<pre>\n@reviewer review\n</pre>", "<details>\n\n@reviewer review\n\n</details>"),
        *("https://e.example/@reviewer review", "[\n@reviewer review\n](//e.example)"),
        *("[x]: //e.example '\n@reviewer review\n'", "$$\n@reviewer review\n$$"),
        *("\u200b@reviewer review", "\ufeff@reviewer review", "@re\u200bviewer review"),
        *(
            "@reviewer\u00a0review",
            "\uff20reviewer review",
            "@rev\u0131ewer review",
            "@reviewer rev\u0131ew",
        ),
        *("&#64;reviewer review", "\\@reviewer review", "@reviewer\x00review"),
    ],
)
def test_anything_else_is_no_command(body: str) -> None:
    assert parse(body, NAMES) is None


@pytest.mark.threat("T38", layer="comments", tries=4)
def test_without_a_name_nobody_is_meant() -> None:
    for names in ((), ("",), ("@",), ("[bot]",)):
        assert parse("@ review\n@[bot] review\n@reviewer review", names) is None


@pytest.mark.parametrize(
    "name", ["reviewer", "@reviewer", "Reviewer", "reviewer[bot]", " reviewer"]
)
def test_a_name_may_be_given_as_people_write_it(name: str) -> None:
    assert parse("@reviewer review", [name]) is Command.REVIEW
    assert parse("@reviewer[bot] review", [name]) is Command.REVIEW


@pytest.mark.threat("T38", layer="comments")
def test_a_name_is_no_pattern() -> None:
    assert parse("@reviewer review", ["r.*"]) is None
    assert parse("@a.b review", ["a.b"]) is Command.REVIEW
    assert parse("@axb review", ["a.b"]) is None


@settings(max_examples=300)
@given(st.one_of(st.text(), ANY_MARKDOWN), st.lists(st.text(max_size=8), max_size=3))
@example("\ud800", ["\ud800"])
def test_no_text_and_no_name_makes_it_fail(body: str, names: list[str]) -> None:
    assert parse(body, names) in (*Command, None)


@pytest.mark.threat("T38", layer="comments", tries=300)
@settings(max_examples=300)
@given(command=st.sampled_from(Command), before=ONE_LINE, after=ONE_LINE, data=st.data())
def test_what_only_shows_a_command_is_never_obeyed(
    command: Command, before: str, after: str, data: st.DataObject
) -> None:
    said = f"@reviewer {command}"
    way = data.draw(
        st.sampled_from(
            (
                f"```{before}\n{said}\n```\n{after}",
                f"~~~\n{before}\n{said}\n~~~",
                f"> {before}\n> {said}\n{said}\n\n{after}",
                f"{before}\n<!-- {after}\n{said}\n-->",
                f"<!--\n\n{said}\n\n-->{after}",
                f"https://e.example/{before}{said}",
                f"x `{before}\n{said}\n{after}`",
                f"[{before}\n{said}\n](//e.example/{after})",
            )
        )
    )
    assert parse(way, NAMES) is None


@pytest.mark.threat("T20", layer="comments", tries=6)
def test_no_text_makes_it_slow() -> None:
    started = time.perf_counter()
    for piece in ("@reviewer ", "@reviewer review ", "\n@reviewer full", " ", "\t", "@reviewer \t"):
        parse(piece * (65_536 // len(piece)), NAMES)
    assert time.perf_counter() - started < 3.0
