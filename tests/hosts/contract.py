"""What every code host keeps, as ports/host.py says it, in the `place` of a host's test file.

A subclass is named Test… and overrides `place`; the tests here drive the door and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest

from reviewer_cli.core.conversation import Conversation, PullState
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

    def merge(self, key: HeadKey) -> str:
        """Merge it into the default branch; the merge commit."""

    def base(self) -> str:
        """The tip of the default branch."""

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

    def conversation(self, place: Place, key: HeadKey) -> Conversation:
        (found,) = place.host.conversations([key])
        return found

    def test_a_conversation_goes_with_its_pull_request(self, place: Place) -> None:
        key, other = place.open("one"), place.open("two")
        assert self.conversation(place, key).state is PullState.OPEN
        moved = place.move(key)
        assert self.conversation(place, key).key == moved
        place.close(moved)
        assert self.conversation(place, moved).state is PullState.CLOSED
        assert self.conversation(place, other).key == other
        assert self.conversation(place, other).state is PullState.OPEN

    def test_a_merge_is_told_with_its_commit_and_its_time(self, place: Place) -> None:
        key, other = place.open("one"), place.open("two")
        into = place.merge(key)
        merged, still_open = place.host.conversations([key, other])
        assert (merged.key, merged.state, merged.merged_as) == (key, PullState.MERGED, into)
        assert merged.ended_at is not None
        assert (still_open.state, still_open.merged_as) == (PullState.OPEN, None)

    def test_what_a_host_does_not_know_is_left_out(self, place: Place) -> None:
        key = place.open("one")
        unknown = replace(key, repo=f"{place.repo}-missing")
        assert [one.key for one in place.host.conversations([unknown, key])] == [key]
        assert place.host.conversations([]) == []

    def test_a_later_head_may_be_told_in_the_body_of_an_earlier_review(self, place: Place) -> None:
        key = place.open("one")
        review_id = place.host.submit(place.host.prepare(review_of(place.host, key)))
        moved = place.move(key)
        body = review_of(place.host, moved, "Also checked").body
        for _ in range(2):
            place.host.amend(moved, review_id, body)
        assert place.host.look(moved).posted is not None
        texts = [*place.published(key), *place.published(moved)]
        assert "\n".join(texts).count("Also checked") == 1

    def test_a_comment_that_is_gone_needs_nothing(self, place: Place) -> None:
        key = place.open("one")
        place.host.settle(key, "PRRC_kwDO0000ffff", "Fixed.")
        place.host.acknowledge(key, "IC_kwDO0000ffff")

    def test_a_stranger_may_not_write(self, place: Place) -> None:
        assert not place.host.may_write(place.repo, "stranger")
        assert not place.host.may_write(place.repo, "../stranger?")

    def test_what_was_merged_is_found_with_what_it_was_merged_into(self, place: Place) -> None:
        key, _ = place.open("one"), place.open("two")
        before = place.base()
        place.merge(key)
        missing = f"{place.repo}-missing"
        found, bad = place.host.merged_since([place.repo, missing], 0.0)
        assert [(tip.key, tip.base_sha) for tip in found.tips] == [(key, before)]
        assert found.error is None
        (told,) = place.host.describe_merged(found.tips)
        assert [tip.ended_at for tip in found.tips] == [told.at]
        assert (bad.repo, bad.tips) == (missing, ())
        assert bad.error
        (later,) = place.host.merged_since([place.repo], 4_000_000_000.0)
        assert (later.tips, later.error) == ((), None)

    def test_what_was_merged_is_described_as_when_it_was_open(self, place: Place) -> None:
        key, other = place.open("one"), place.open("two")
        before, head = place.base(), self.heads(place)[key.pull]
        place.merge(key)
        (found,) = place.host.merged_since([place.repo], 0.0)
        (told,) = place.host.describe_merged(found.tips)
        assert (told.head.key, told.head.base_sha) == (key, before)
        assert (told.head.title, told.head.author) == (head.title, head.author)
        assert told.head.posted is None
        assert told.at > 1_000_000_000.0
        still_open = replace(found.tips[0], key=other)
        assert place.host.describe_merged([still_open]) == []

    def test_when_a_head_was_pushed_is_known(self, place: Place) -> None:
        key = place.open("one")
        head = self.heads(place)[key.pull]
        assert head.pushed_at is not None
        assert head.pushed_at > 1_000_000_000.0

    def test_a_thread_that_is_gone_needs_no_resolving(self, place: Place) -> None:
        place.host.resolve(place.open("one"), "PRRT_kwDO0000ffff")
