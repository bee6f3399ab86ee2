"""A paragraph that fails or may not be told never costs the digest, and is never silently gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from reviewer_cli.core.digest import Words
from reviewer_cli.core.digest_json import from_json, to_json
from reviewer_cli.core.models import Usage
from reviewer_cli.core.worded import numbers_of
from reviewer_cli.digest.wording import LONGEST_NAME, Worded, worded
from reviewer_cli.errors import (
    AccessRefused,
    BudgetReached,
    ConfigurationError,
    InvalidReply,
    ProviderUnavailable,
    ProviderWait,
)
from reviewer_cli.ports.writer import Draft, Writer
from tests.render.digest_samples import FULL

BARE = replace(FULL, words=None)
USAGE = Usage(input_tokens=3000, output_tokens=120, usd=0.02, turns=1, duration_s=3.0)
TEXT = "Acceptance fell from 61 % to 48 %, more than chance would do."


@dataclass
class Says:
    """A writer that says this, and keeps what it was told."""

    text: str
    model: str = "claude-sonnet-5"
    told: list[str] = field(default_factory=list)

    async def write(self, numbers: str) -> Draft:
        self.told.append(numbers)
        return Draft(words=Words(text=self.text, model=self.model), usage=USAGE)


@dataclass
class Raises:
    """A writer that fails."""

    error: BaseException

    async def write(self, numbers: str) -> Draft:
        raise self.error


def asked(writer: Writer) -> Worded:
    return asyncio.run(worded(FULL, writer))


def test_a_good_paragraph_stands_in_the_digest_with_who_wrote_it() -> None:
    says = Says(TEXT)
    done = asked(says)
    assert done.digest == replace(
        FULL, words=Words(text=TEXT, model="claude-sonnet-5", usd=USAGE.usd)
    )
    assert (done.usage, done.trouble) == (USAGE, "")
    assert says.told == [numbers_of(FULL)]
    assert from_json(to_json(done.digest)) == done.digest


@pytest.mark.parametrize("text", ["", "All **well**.", "Acceptance is 99.5 %.", "a" * 601])
def test_a_paragraph_that_may_not_be_told_is_named_and_still_counted(text: str) -> None:
    done = asked(Says(text))
    assert done.digest == BARE
    assert done.usage == USAGE
    assert "not plain, or had a number" in done.trouble


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (BudgetReached("of a head"), "(BudgetReached); the next digest asks for one again."),
        (InvalidReply("of a head"), "(InvalidReply); the next digest asks for one again."),
        (ProviderUnavailable("of a head"), "(ProviderUnavailable); the next digest asks"),
        (AccessRefused("Set a key."), ": Set a key."),
        (ConfigurationError("Correct its name."), ": Correct its name."),
        (ProviderWait("Later."), ": Later."),
        (KeyError("x"), "A defect of reviewer itself: KeyError"),
    ],
)
def test_a_failure_leaves_the_digest_as_it_was_and_is_named(error: Exception, says: str) -> None:
    done = asked(Raises(error))
    assert done.digest == BARE
    assert done.usage is None
    assert done.trouble.startswith("The digest goes without the model's paragraph")
    assert says in done.trouble
    assert "head" not in done.trouble


def test_whoever_stops_it_is_heard() -> None:
    with pytest.raises(asyncio.CancelledError):
        asked(Raises(asyncio.CancelledError()))


def test_a_models_name_is_one_short_visible_line() -> None:
    done = asked(Says(TEXT, model="a\u202e\n" + "b" * 300))
    assert done.digest.words is not None
    name = done.digest.words.model
    assert name.isprintable()
    assert len(name) == LONGEST_NAME
