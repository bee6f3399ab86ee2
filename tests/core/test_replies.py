"""What people answer means what a reader would say it means, or nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.replies import LONGEST, Meaning, meaning
from tests.core.posted import ANY_MARKDOWN

DECLINING = (
    "Won't fix.",
    "wontfix",
    "This will not be fixed.",
    "Not gonna fix",
    "Won't do.",
    "We\u2019re not going to change this.",
    "This is a false positive.",
    "I think it's a false-positive",
    "False alarm, the caller holds the lock.",
    "by design",
    "This is by design, see `docs/cache.md`.",
    "That's intentional.",
    "Yes this is intentional",
    "We do this on purpose.",
    "Works as intended",
    "Expected behaviour.",
    "not an issue",
    "This isn't an issue here because the lock is held.",
    "This isn't a bug it's by design",
    "That's not a bug, it's a feature",
    "I don't think this is a real issue",
    "I don't see how this is a problem",
    "Non-issue",
    "I disagree",
    "I have to disagree here.",
    "I don't agree with this.",
    "We do not agree",
    "Doesn't apply here",
    "Not applicable: the file is generated.",
    "That's not true.",
    "You're wrong",
    "No changes needed",
    "out of scope for this PR",
    "This is beyond the scope of this change.",
    "Ignore this",
    "You can safely ignore this.",
    "Leaving as is.",
    "I'd keep it as is",
    "This is fine as is",
    "Accepted risk.",
    "hallucinated, there is no such function",
    "Good catch, but this is by design.",
    "Fair point, however this is out of scope.",
    "By design. Why would we change it?",
    "**Won't fix** - see the ADR",
    "- won't fix",
    "> Something is wrong\n\nThis is intentional.",
    "```\nx = 1\n```\nThis is by design.",
    "👎",
    ":-1:",
    "👎🏽",
)
AGREEING = (
    "Done",
    "Done.",
    "done in 1a2b3c4d",
    "All done, thanks",
    "Fixed",
    "Fixed in 0123abc",
    "Fixed in [0123abc](https://github.example/o/r/commit/0123abc)",
    "fixed, thanks!",
    "Thanks, fixed",
    "Should be fixed now",
    "I've fixed this.",
    "This has been addressed.",
    "Addressed in #12",
    "resolved in the latest commit",
    "Will fix",
    "I'll fix it in a follow-up",
    "We will address this",
    "Will do.",
    "Pushed a fix",
    "Opened an issue for it",
    "Thanks for the review, addressed all comments",
    "Applied the suggestion",
    "Removed.",
    "I removed it",
    "Updated, PTAL",
    "Good catch",
    "Great find!",
    "Nice catch, fixed!",
    "you're right",
    "You are right, that is a race.",
    "I agree",
    "Agreed, this needs to be fixed",
    "Makes sense",
    "Fair enough.",
    "Oops",
    "my bad",
    "lgtm",
    "Yes, that is a bug.",
    "Not a false positive, sorry",
    "That was not intentional.",
    "That wasn't on purpose, fixing",
    "I don't think this is a false positive",
    "👍",
    ":+1:",
)
ASKING = (
    "why?",
    "Is this by design?",
    "Isn't this a false positive?",
    "What would you suggest instead\uff1f",
    "Good catch! Should I also fix the other one?",
    "Fixed.  Is that better?",
    "Please explain",
    "can you explain why this matters",
    "Could you clarify",
    "I do not get it. How can it be None here?",
)
UNCLEAR = (
    "",
    " \n ",
    "Thanks",
    "no",
    "Hmm",
    "cc @somebody",
    "@reviewer ignore",
    "Not fixed yet",
    "This isn't fixed",
    "not done",
    "We need a fixed-size buffer",
    "This is done by the caller",
    "The counter is updated here",
    "Removed code is dead",
    "Could be fixed by adding a lock",
    "This needs to be fixed",
    "If this is intentional, please say so",
    "Maybe a false positive",
    "Probably by design",
    "Not sure this is an issue",
    "I do not know whether it is intentional",
    "As expected the code fails",
    "I agree, this is by design",
    "Disagree with the severity but fixed",
    "Fixed, but I don't think it's a bug",
    "This is not only a bug, it's a disaster",
    "not a good catch",
    "The docs say it is by design",
    "I'd call it “by design”",
    'You said "won\'t fix" last time',
    "das ist Absicht",
    "`won't fix`",
    "```\nwon't fix\n```",
    "    won't fix",
    "> won't fix",
    "> won't fix\nreally",
    "> is it?\n\nI think we should look at it again",
    "[won't fix](https://e.example)",
    "https://e.example/?q=fixed",
    "<!-- won't fix -->",
    "<details>\n\nwon't fix\n\n</details>",
    "won't fix <b>",
    "won't fix\n\n<b>x</b>",
    "👍👎",
)
MEANT = (
    *((text, Meaning.DECLINES) for text in DECLINING),
    *((text, Meaning.ACCEPTS) for text in AGREEING),
    *((text, Meaning.ASKS) for text in ASKING),
    *((text, None) for text in UNCLEAR),
)
WORDS = st.sampled_from([text for text, _ in MEANT])
#: What stands there is shown, not said.
SHOWING = st.sampled_from(
    ("> {}", "> > {}", "- > {}", "`{}`", "```\n{}\n```", "~~~~\n{}\n~~~~", "[{}](//e.example)")
)


@pytest.mark.parametrize(("body", "meant"), MEANT)
def test_a_reply_means_what_a_reader_says(body: str, meant: Meaning | None) -> None:
    assert meaning(body) is meant


@pytest.mark.parametrize(("body", "meant"), [one for one in MEANT if one[1] and "\n" not in one[0]])
def test_it_means_the_same_in_capitals_and_with_blanks_around(body: str, meant: Meaning) -> None:
    if "`" not in body:
        assert meaning(f"\n {body.upper()} \r\n") is meant
        assert meaning(body.replace("'", "\u2019")) is meant


@settings(max_examples=300)
@given(st.one_of(st.text(), ANY_MARKDOWN, st.lists(WORDS).map(" ".join)))
@example("\ud800")
def test_no_text_makes_it_fail(text: str) -> None:
    assert meaning(text) in (*Meaning, None)


@pytest.mark.threat("T39", layer="comments", tries=300)
@settings(max_examples=300)
@given(shown=WORDS, showing=SHOWING, said=WORDS)
def test_what_is_quoted_or_code_never_decides(shown: str, showing: str, said: str) -> None:
    line = " ".join(shown.replace("`", "").replace("[", "").replace("]", "").split())
    if line and not {"(", "<"} & {*line, *said}:
        assert meaning(f"{showing.format(line)}\n\n{said}") is meaning(said)


@given(st.lists(st.sampled_from(("maybe ", "if ", "not sure whether ", "perhaps ")), min_size=1))
def test_what_is_doubted_is_not_said(doubts: list[str]) -> None:
    for words in ("this is a false positive", "it is by design", "fixed"):
        assert meaning("".join(doubts) + words) is None


def test_who_writes_at_length_does_not_answer_in_a_word() -> None:
    assert meaning("Won't fix." + " " * (LONGEST - 10)) is Meaning.DECLINES
    assert meaning("Won't fix. " + "x" * LONGEST) is None


@pytest.mark.threat("T20", layer="comments", tries=21)
def test_no_text_makes_it_slow() -> None:
    started = time.perf_counter()
    for piece in (
        "not ",
        "if ",
        "fixed ",
        "if fixed ",
        "not a bug ",
        "but ",
        '"',
        "a.",
        "is not ",
        "the real ",
        "do not think ",
        "by design ",
        "i will ",
        "* ",
        "?",
        "'s ",
    ):
        meaning(piece * (LONGEST // len(piece)))
    for _ in range(5):
        meaning("if " * 600 + ", " + "by design " * 200)
    assert time.perf_counter() - started < 3.0
