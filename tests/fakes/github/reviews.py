"""GitHub's rules for reviews: what may be written, when it is seen, what is refused and how.

Sources: GitHub's REST documentation of reviews and of review comments, and the messages that
public issue threads quote. Where those are silent the wording is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.fakes.github.messages import Refused, not_found, unprocessable
from tests.fakes.github.places import NO_PATH, Note, check
from tests.fakes.github.rows import Account, Pull, Review, ReviewComment, Thread
from tests.fakes.github.world import World

PENDING = "PENDING"
STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
BODY_LIMIT = 65_536

FOREIGN_COMMIT = "The commitOID is not part of the pull request"
ONE_PENDING = "User can only have one pending review per pull request"
NOT_PENDING = "Can not delete a non-pending pull request review"
OWN = {
    "APPROVE": "Can not approve your own pull request",
    "REQUEST_CHANGES": "Can not request changes on your own pull request",
}


def create(
    world: World,
    pull: Pull,
    author: Account,
    *,
    body: str = "",
    event: str | None = None,
    commit: str | None = None,
    notes: Sequence[Note] = (),
) -> Review:
    """A review with its comments, all or nothing; without an event it stays pending.

    Raises Refused with GitHub's 422 and stores nothing when any rule is broken.
    """
    pull = world.fresh(pull)
    sha = commit or pull.head_sha
    if sha not in pull.commits:
        raise unprocessable(FOREIGN_COMMIT)
    if pending_of(world, pull, author):
        raise unprocessable(ONE_PENDING)
    _check_body(body)
    if event is not None:
        _check_event(pull, author, event, body)
    when = world.stamp()
    review = Review(
        id=world.new_id(),
        pull_id=pull.id,
        author_id=author.id,
        body=body,
        state=STATES[event] if event else PENDING,
        commit_sha=sha,
        submitted_at=when if event else None,
        updated_at=when,
    )
    comments = [_comment(world, pull, review, note, when) for note in notes]
    threads = [Thread(id=comment.id, pull_id=pull.id) for comment in comments]
    world.save(review, *comments, *threads, *([replace(pull, updated_at=when)] if event else []))
    return review


def submit(world: World, review: Review, author: Account, event: str, body: str | None) -> Review:
    """Publish a pending review under its id."""
    pull = world.tables.pulls[review.pull_id]
    text = review.body if body is None else body
    if review.author_id != author.id:
        raise not_found()
    if review.state != PENDING:
        raise unprocessable("Can not submit a review that is not pending")
    _check_body(text)
    _check_event(pull, author, event, text)
    when = world.stamp()
    done = replace(review, body=text, state=STATES[event], submitted_at=when, updated_at=when)
    world.save(done, replace(pull, updated_at=when))
    return done


def edit(world: World, review: Review, author: Account, body: str) -> Review:
    """Another body; a submitted review can be edited too."""
    if review.author_id != author.id:
        raise Refused(403, "You can only edit your own reviews")
    if not body:
        raise unprocessable("Review body can't be blank")
    _check_body(body)
    done = replace(review, body=body, updated_at=world.stamp())
    world.save(done)
    return done


def delete(world: World, review: Review, author: Account) -> None:
    """Take a pending review back with its comments; a submitted one is for ever."""
    if review.author_id != author.id:
        raise not_found()
    if review.state != PENDING:
        raise unprocessable(NOT_PENDING)
    comments = world.tables.comments_of(review)
    threads = [world.tables.threads[one.id] for one in comments if one.id == one.thread_id]
    world.stamp()
    world.save(drop=(review, *comments, *threads))


def create_single(
    world: World,
    pull: Pull,
    author: Account,
    note: Note,
    commit: str | None,
    in_reply_to: ReviewComment | None = None,
) -> ReviewComment:
    """A comment outside a review of its author: GitHub wraps it in a submitted one.

    Refused like any direct submission while the author has a pending review.
    """
    pull = world.fresh(pull)
    sha = commit or pull.head_sha
    if sha not in pull.commits:
        raise unprocessable(FOREIGN_COMMIT)
    if pending_of(world, pull, author):
        raise unprocessable(ONE_PENDING)
    when = world.stamp()
    review = Review(
        id=world.new_id(),
        pull_id=pull.id,
        author_id=author.id,
        body="",
        state=STATES["COMMENT"],
        commit_sha=sha,
        submitted_at=when,
        updated_at=when,
    )
    comment, *thread = _threaded(world, pull, review, note, in_reply_to)
    world.save(review, comment, *thread, replace(pull, updated_at=when))
    return comment  # type: ignore[return-value]


def add_thread(world: World, review: Review, note: Note) -> Thread:
    """One more thread in a pending review.

    Unlike REST this takes a line outside the diff, and then nobody ever sees the comment: it
    stands at no line.
    """
    if review.state != PENDING:
        raise unprocessable("The review is not pending")
    pull = world.tables.pulls[review.pull_id]
    when = world.stamp()
    changes = world.changes(pull, review.commit_sha)
    if note.place.path not in [one.path for one in changes]:
        raise unprocessable(NO_PATH)
    comment = _row(world, review, note, when, hunk="")
    thread = Thread(id=comment.id, pull_id=pull.id)
    world.save(comment, thread)
    return thread


def edit_comment(world: World, comment: ReviewComment, author: Account, body: str) -> ReviewComment:
    """Another body for one's own comment."""
    if comment.author_id != author.id:
        raise Refused(403, "You can only edit your own comments")
    _check_body(body)
    done = replace(comment, body=body, updated_at=world.stamp())
    world.save(done)
    return done


def delete_comment(world: World, comment: ReviewComment, author: Account) -> None:
    """Take one's own comment back; its thread goes with the last comment."""
    if comment.author_id != author.id:
        raise Refused(403, "You can only delete your own comments")
    thread = world.tables.threads[comment.thread_id]
    alone = len(world.tables.thread_of(thread, author.id)) == 1
    world.stamp()
    world.save(drop=(comment, thread) if alone else (comment,))


def pending_of(world: World, pull: Pull, author: Account) -> Review | None:
    """The author's pending review of the pull request."""
    own = world.tables.reviews_of(pull, author.id)
    return next((one for one in own if one.author_id == author.id and one.state == PENDING), None)


def _check_body(body: str) -> None:
    if len(body) > BODY_LIMIT:
        raise unprocessable(f"Body is too long (maximum is {BODY_LIMIT} characters)")


def _check_event(pull: Pull, author: Account, event: str, body: str) -> None:
    if event not in STATES:
        raise Refused(
            422,
            "Validation Failed",
            errors=[{"resource": "PullRequestReview", "code": "invalid", "field": "event"}],
        )
    if event in OWN and pull.author_id == author.id:
        raise unprocessable(OWN[event])
    if not body and event != "APPROVE":
        raise unprocessable("Review body can't be blank")


def _threaded(
    world: World, pull: Pull, review: Review, note: Note, in_reply_to: ReviewComment | None
) -> list[ReviewComment | Thread]:
    if in_reply_to is None:
        comment = _comment(world, pull, review, note, review.updated_at)
        return [comment, Thread(id=comment.id, pull_id=pull.id)]
    answer = replace(
        in_reply_to,
        id=world.new_id(),
        review_id=review.id,
        author_id=review.author_id,
        body=note.body,
        created_at=review.updated_at,
        updated_at=review.updated_at,
    )
    return [answer]


def _comment(world: World, pull: Pull, review: Review, note: Note, when: float) -> ReviewComment:
    place = note.place
    _check_body(note.body)
    if not note.body:
        raise unprocessable("Review comment body can't be blank")
    changes = world.changes(pull, review.commit_sha)
    change = next((one for one in changes if one.path == place.path), None)
    if change is None:
        raise unprocessable(NO_PATH)
    if place.line is None:
        return _row(world, review, note, when, hunk="")
    check(place, change)
    return _row(world, review, note, when, hunk=change.hunk_to(place.side, place.line))


def _row(world: World, review: Review, note: Note, when: float, hunk: str) -> ReviewComment:
    place, number = note.place, world.new_id()
    return ReviewComment(
        id=number,
        pull_id=review.pull_id,
        review_id=review.id,
        author_id=review.author_id,
        thread_id=number,
        body=note.body,
        path=place.path,
        line=place.line,
        side=place.side,
        start_line=place.start_line,
        start_side=(place.start_side or place.side) if place.start_line else None,
        commit_sha=review.commit_sha,
        hunk=hunk,
        created_at=when,
        updated_at=when,
    )
