"""What people and bots do about comments: answer, resolve, react, fold up.

None of it but an answer changes when the pull request was updated. That is a guess: GitHub does
not say, and reports differ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from tests.fakes.github import reviews
from tests.fakes.github.places import Note, Place
from tests.fakes.github.rows import (
    Account,
    IssueComment,
    Reaction,
    Review,
    ReviewComment,
    Thread,
)
from tests.fakes.github.world import World

Foldable = TypeVar("Foldable", Review, ReviewComment, IssueComment)


def note(world: World, review: Review, author: Account, path: str, line: int, body: str) -> Thread:
    """A thread that somebody opens on a line of the head a review is of."""
    pull = world.tables.pulls[review.pull_id]
    place = Note(place=Place(path=path, line=line), body=body)
    made = reviews.create_single(world, pull, author, place, review.commit_sha)
    return world.tables.threads[made.id]


def answer(world: World, thread: Thread, author: Account, body: str) -> ReviewComment:
    """One more comment in a thread."""
    first = world.tables.review_comments[thread.id]
    words = Note(place=Place(path=first.path, line=None), body=body)
    pull = world.tables.pulls[thread.pull_id]
    return reviews.create_single(world, pull, author, words, None, first)


def resolve(world: World, thread: Thread, account: Account) -> Thread:
    """The thread closed by somebody."""
    return _kept(world, replace(world.fresh(thread), resolved_by_id=account.id))


def unresolve(world: World, thread: Thread) -> Thread:
    """The thread open again."""
    return _kept(world, replace(world.fresh(thread), resolved_by_id=None))


def minimise(world: World, row: Foldable, why: str = "resolved") -> Foldable:
    """A comment folded up."""
    changed = replace(world.fresh(row), minimized=why)
    world.stamp()
    world.save(changed)
    return changed


def react(
    world: World, row: ReviewComment | IssueComment | Review, account: Account, content: str
) -> Reaction:
    """A reaction such as THUMBS_UP; the same one again is the one that is there."""
    for one in world.tables.reactions_to(row):
        if (one.account_id, one.content) == (account.id, content):
            return one
    made = Reaction(
        id=world.new_id(),
        subject=row.node_id,
        account_id=account.id,
        content=content,
        created_at=world.stamp(),
    )
    world.save(made)
    return made


def _kept(world: World, thread: Thread) -> Thread:
    world.stamp()
    world.save(thread)
    return thread
