"""No length, no number and no disguise of comments makes them heard, or slow to read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer_cli.core.commands import Command, parse
from reviewer_cli.core.conversation import Said
from reviewer_cli.core.models import Outcome
from reviewer_cli.core.outcomes import Circumstances, LinesSince, PullState, judged
from reviewer_cli.core.prose import LONGEST, own_words
from reviewer_cli.core.replies import Meaning, meaning
from reviewer_cli.core.settling import settled_body, waits_for_answer
from reviewer_cli.core.words import MOST_LINES, alike, likeness, similar_code
from tests.core.talking import earlier, ours, said, thread
from tests.core.test_replies import AGREEING, DECLINING

NAMES = ("sweeper[bot]", "acme/reviewers")
ABOUT = Circumstances(state=PullState.OPEN, deciders=frozenset({"ada", "author"}), own_logins=NAMES)
UNCHANGED = LinesSince()

READERS: dict[str, Callable[[str], object]] = {
    "own_words": own_words,
    "meaning": meaning,
    "parse": lambda body: parse(body, NAMES),
    "alike": lambda body: alike(body, "Something is wrong"),
    "similar_code": lambda body: similar_code(body, "x = 1"),
}
#: What expressions begin with, go on with and break off at.
TOKENS = (
    *(
        "`",
        "``",
        "```",
        "~~~",
        "[",
        "]",
        "](",
        ")",
        "![",
        "<",
        "<a:",
        "$",
        "\\",
        "\\`",
        '"',
        "“",
        "”",
    ),
    *(
        "> ",
        "- ",
        "1. ",
        "* ",
        "    ",
        " ",
        "\t",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\x0b",
        "\u00a0",
        "\ufffc",
    ),
    *("https://", "://", "www.", "a.b", "e.g.", "#1", "+1", "👍", "文", "A", "aA", "x_", "1", "é"),
    *("@sweeper ", "@sweeper full ", "review ", "please ", "ignore -", "[bot]", "acme/"),
    *("not ", "is not ", "the real ", "won't ", "it's ", "nt ", "if ", "can you ", "but ", "yes, "),
    *(
        "by design ",
        "fixed ",
        "fixed in ",
        "1234567",
        "no need ",
        "i will ",
        "?",
        ".",
        ";",
        ",",
        "'",
    ),
)
CLEAR = [text for text in (*DECLINING, *AGREEING) if "\n" not in text]
SEEDS = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5).map("".join)


def seconds(read: Callable[[str], object], body: str) -> float:
    """Of this process alone, the better of two."""
    times = []
    for turn in range(2):
        text = f"{body} {turn}"  # nothing is remembered of it
        started = time.process_time()
        read(text)
        times.append(time.process_time() - started)
    return min(times)


@pytest.fixture
def undisturbed() -> Iterator[None]:
    """Without the collector of cycles, which comes when it likes."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.threat("T20", layer="comments", tries=len(TOKENS))
@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("reader", READERS)
def test_the_longest_comment_is_read_at_once(reader: str) -> None:
    for token in TOKENS:
        assert seconds(READERS[reader], (token * LONGEST)[:LONGEST]) < 1.0, token


@pytest.mark.threat("T20", layer="comments", tries=25)
@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=25, deadline=None)
@given(opening=SEEDS, again=SEEDS, ending=SEEDS)
def test_four_times_the_text_takes_no_more_than_eight_times_as_long(
    reader: str, opening: str, again: str, ending: str
) -> None:
    """Sixteen times is what a search that begins anew at each character would take."""
    part, whole = (
        f"{opening}{again * (length // len(again))}"[:length] + ending
        for length in (LONGEST // 4, LONGEST)
    )

    def is_in_time() -> bool:
        least = max(seconds(READERS[reader], part), 0.02)
        return seconds(READERS[reader], whole) <= 8 * least

    assert any(is_in_time() for _ in range(3))  # the machine has others to serve


@pytest.mark.threat("T20", layer="comments", tries=2)
@pytest.mark.usefixtures("undisturbed")
def test_a_thread_of_five_thousand_replies_is_read_at_once() -> None:
    replies = tuple(said(f"Why is it {number}?", f"p{number}") for number in range(5_000))
    long = thread(*replies)
    assert seconds(lambda _: waits_for_answer(long), "") < 3.0
    assert seconds(lambda _: judged(earlier(), long, UNCHANGED, ABOUT), "") < 1.0
    assert waits_for_answer(long)
    assert judged(earlier(), long, UNCHANGED, ABOUT) is None


@pytest.mark.threat("T20", layer="comments")
def test_quotes_of_many_lines_are_compared_at_once() -> None:
    lines = [f"{first}{second}" for first in "abcdefghijklmnop" for second in "abcdefghijklmnop"]
    one, other = "\n".join(lines), "\n".join(lines).upper()
    started = time.process_time()
    for number in range(100):
        likeness(f"{one}\n{number}", other)
    assert time.process_time() - started < 2.0
    assert likeness("x\n" * (MOST_LINES - 1) + "y = 1", "y = 1") == 1.0


# ---- names


@pytest.mark.threat("T38", layer="comments", tries=len(Command))
@pytest.mark.parametrize(
    "name",
    [
        *("sweeper2", "sweeper-x", "sweeper_x", "sweeper.", "sweepers", "sweepe", "sweeper[bot]2"),
        *("sweeper/x", "sweeper[BOT", "acme", "acme/reviewers2", "acme/reviewers/x"),
        *("\u0455weeper", "swe\u200beper", "sweep\u0435r"),  # Cyrillic, and one that is not seen
    ],
)
def test_a_name_that_looks_or_begins_like_ours_is_not_ours(name: str) -> None:
    for command in Command:
        assert parse(f"@{name} {command}", NAMES) is None


@pytest.mark.threat("T38", layer="comments")
@pytest.mark.parametrize(
    "word",
    ["rev\u0131ew", "review\u200b", "\u202eweiver", "\uff52eview"],
)
def test_a_word_that_looks_like_a_command_is_none(word: str) -> None:
    assert parse(f"@sweeper {word}", NAMES) is None


# ---- words


@pytest.mark.threat("T39", layer="comments")
@pytest.mark.parametrize(
    "writer",
    [
        said("Won't fix.", "eve"),
        said("Won't fix.", "robot", is_bot=True, may_steer=True),
        said("Won't fix.", "ada[bot]", may_steer=True),
        ours("Won't fix."),
    ],
)
def test_who_has_no_say_declines_nothing(writer: Said) -> None:
    assert judged(earlier(), thread(writer), UNCHANGED, ABOUT) is None


@pytest.mark.threat("T39", layer="comments")
def test_a_crowd_of_strangers_does_not_outvote_one_who_counts() -> None:
    crowd = [said("Won't fix.", f"eve{number}") for number in range(500)]
    talk = thread(said("Good catch, fixed.", "ada"), *crowd)
    judgement = judged(earlier(), talk, UNCHANGED, ABOUT)
    assert judgement is not None
    assert (judgement.outcome, judgement.by) == (Outcome.ACCEPTED, "ada")


@pytest.mark.threat("T39", layer="comments", tries=len(CLEAR))
def test_our_own_words_quoted_back_say_nothing() -> None:
    """A finding may say “this is by design”; who quotes it has not said so."""
    for text in CLEAR:
        opening = ours(f"**high** · correctness\n\n**Something is wrong**\n\n{text}")
        quoted = "\n".join(f"> {line}" for line in opening.body.split("\n"))
        for reply in (quoted, f"{quoted}\n\nHm.", f"On Monday, sweeper wrote:\n{quoted}"):
            talk = thread(said(reply, "ada"), said=(opening, said(reply, "ada")))
            assert judged(earlier(), talk, UNCHANGED, ABOUT) is None, reply


@pytest.mark.threat("T39", layer="comments")
def test_a_settled_comment_quoted_back_says_nothing() -> None:
    body = settled_body("**high** · correctness\n\n**Something is wrong**", "0123abc", 2_000)
    quoted = "\n".join(f"> {line}" for line in body.split("\n"))
    assert meaning(quoted) is None
    assert meaning(f"{quoted}\n\nIs it?") is Meaning.ASKS
