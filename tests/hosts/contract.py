"""What every code host keeps, as ports/host.py says it: a host's test file gives a `place` to run it in.

A subclass is named Test… and overrides `place`; the tests here drive the door and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import Comment, Head, HeadKey, Review, Side
from reviewer_cli.ports.host import CodeHost


class Place(Protocol):
    """A host with one repository in which a test opens, moves and closes pull requests."""

    host: CodeHost
    repo: str

    def open(self, name: str) -> HeadKey:
        """Open a pull request with a commit of its own."""

    def move(self, key: HeadKey) -> HeadKey:
        """Push another commit to it."""

    def close(self, key: HeadKey) -> None:
        """Close it without merging."""

    def published(self, key: HeadKey) -> list[str]:
        """The texts of all reviews that a reader of this head sees."""


def review_of(host: CodeHost, key: HeadKey, text: str = "No findings.") -> Review:
    """A review with one comment, ending with its marker."""
    mark = marker(key, host.marker_secret)
    comment = Comment(path="a.py", line=1, side=Side.RIGHT, body="**high** It fails.")
    return Review(key=key, body=f"**{text}**\n\n{mark}", marker=mark, comments=(comment,))


class CodeHostContract:
    """The rules of `CodeHost`, one test each."""

    @pytest.fixture
    def place(self) -> Place:
        """The host under test with an empty default branch."""
        raise NotImplementedError

    def heads(self, place: Place) -> dict[str, Head]:
        """Every open pull request by name."""
        (answer,) = place.host.open_tips(place.host.repositories([place.repo]))
        assert answer.error is None
        return {head.key.pull: head for head in place.host.describe(answer.tips)}

    def test_a_repository_has_one_name(self, place: Place) -> None:
        (name,) = place.host.repositories([place.repo, place.repo])
        assert place.host.repositories([name]) == [name]

    def test_each_open_pull_request_is_polled_once_with_its_tip(self, place: Place) -> None:
        keys = {place.open("one"), place.open("two")}
        assert {head.key for head in self.heads(place).values()} == keys
        for head in self.heads(place).values():
            assert head.base_sha != head.key.sha
            assert head.base_ref

    def test_a_closed_pull_request_is_polled_no_more(self, place: Place) -> None:
        gone, stays = place.open("one"), place.open("two")
        (answer,) = place.host.open_tips(place.host.repositories([place.repo]))
        place.close(gone)
        assert [head.key for head in self.heads(place).values()] == [stays]
        assert place.host.look(gone).current_sha is None
        assert stays in {head.key for head in place.host.describe(answer.tips)}

    def test_the_current_tip_is_told_after_every_push(self, place: Place) -> None:
        key = place.open("one")
        assert place.host.look(key).current_sha == key.sha
        moved = place.move(key)
        assert moved.sha != key.sha
        assert place.host.look(key).current_sha == place.host.look(moved).current_sha == moved.sha

    def test_a_pull_request_that_never_was_has_no_tip(self, place: Place) -> None:
        key = place.open("one")
        assert place.host.look(replace(key, pull="999999")).current_sha is None

    def test_a_draft_is_seen_by_nobody(self, place: Place) -> None:
        key = place.open("one")
        place.host.prepare(review_of(place.host, key))
        assert place.published(key) == []
        assert place.host.look(key).posted is None

    def test_a_submitted_review_is_found_by_its_marker(self, place: Place) -> None:
        key, other = place.open("one"), place.open("two")
        made = review_of(place.host, key)
        review_id = place.host.submit(place.host.prepare(made))
        assert place.host.look(key).posted == review_id
        assert place.host.look(other).posted is None
        assert place.host.look(place.move(key)).posted is None
        (text,) = place.published(key)
        assert "No findings." in text
        assert "It fails." in text
        assert text.rstrip("\n").endswith(made.marker)

    def test_preparing_again_replaces_the_draft(self, place: Place) -> None:
        key = place.open("one")
        place.host.prepare(review_of(place.host, key, "Older words"))
        place.host.submit(place.host.prepare(review_of(place.host, key, "Newer words")))
        (text,) = place.published(key)
        assert "Newer words" in text
        assert "Older words" not in text

    def test_a_draft_may_be_taken_back_more_than_once(self, place: Place) -> None:
        key = place.open("one")
        draft = place.host.prepare(review_of(place.host, key))
        place.host.discard(draft)
        place.host.discard(draft)
        assert place.published(key) == []
        assert place.host.look(key).posted is None
        place.host.submit(place.host.prepare(review_of(place.host, key)))
        assert len(place.published(key)) == 1

    def test_a_repository_that_is_missing_is_its_own_failure(self, place: Place) -> None:
        place.open("one")
        missing = f"{place.repo}-missing"
        good, bad = place.host.open_tips([*place.host.repositories([place.repo]), missing])
        assert good.error is None
        assert len(good.tips) == 1
        assert bad.repo == missing
        assert bad.error
