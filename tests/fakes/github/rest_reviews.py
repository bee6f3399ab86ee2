"""REST about reviews: the doors to the rules in `reviews.py`."""

from __future__ import annotations

from typing import Any

from tests.fakes.github import reviews
from tests.fakes.github.messages import Refused, Response, not_found, unprocessable
from tests.fakes.github.places import Note, Place
from tests.fakes.github.rest import Call, serves
from tests.fakes.github.rows import ReviewComment
from tests.fakes.github.views_pulls import PullViews

REVIEWS = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"
REVIEW = REVIEWS + "/{review_id}"
COMMENTS = "/repos/{owner}/{repo}/pulls/{pull_number}/comments"
COMMENT = "/repos/{owner}/{repo}/pulls/comments/{comment_id}"
READ, WRITE = "pull_requests:read", "pull_requests:write"


@serves("GET", REVIEWS, READ)
def listed(call: Call) -> Response:
    """The reviews that the viewer sees, oldest first."""
    return call.pages(call.tables.reviews_of(call.pull, call.access.viewer_id), call.views.review)


@serves("POST", REVIEWS, WRITE)
def create(call: Call) -> Response:
    """A review, pending without an event."""
    asked = call.request.json()
    made = reviews.create(
        call.world,
        call.pull,
        call.viewer,
        body=_text(asked, "body") or "",
        event=_text(asked, "event") or None,
        commit=_text(asked, "commit_id"),
        notes=[_note(one) for one in asked.get("comments") or ()],
    )
    return Response.of(200, _now(call).review(made))


@serves("GET", REVIEW, READ)
def one(call: Call) -> Response:
    """One review by id."""
    return Response.of(200, call.views.review(call.review))


@serves("PUT", REVIEW, WRITE)
def edit(call: Call) -> Response:
    """Another body."""
    body = _text(call.request.json(), "body")
    if body is None:
        raise _malformed("body")
    return Response.of(
        200, _now(call).review(reviews.edit(call.world, call.review, call.viewer, body))
    )


@serves("DELETE", REVIEW, WRITE)
def delete(call: Call) -> Response:
    """A pending review taken back; the answer shows it for the last time."""
    review = call.review
    shown = call.views.review(review)
    reviews.delete(call.world, review, call.viewer)
    return Response.of(200, shown)


@serves("POST", REVIEW + "/events", WRITE)
def submit(call: Call) -> Response:
    """A pending review published."""
    asked = call.request.json()
    event = _text(asked, "event")
    if not event:
        raise unprocessable("Event can't be blank")
    done = reviews.submit(call.world, call.review, call.viewer, event, _text(asked, "body"))
    return Response.of(200, _now(call).review(done))


@serves("GET", REVIEW + "/comments", READ)
def comments_of(call: Call) -> Response:
    """The comments of one review."""
    return call.pages(call.tables.comments_of(call.review), call.views.review_comment)


@serves("GET", COMMENTS, READ)
def comments(call: Call) -> Response:
    """The comments of all submitted reviews; pending ones are not listed here, even to us."""
    found = call.tables.comments_on(call.pull, None)
    if call.request.query.get("sort"):
        by_update = call.request.query["sort"] == "updated"
        found.sort(key=lambda each: each.updated_at if by_update else each.created_at)
    if call.request.query.get("direction") == "desc":
        found.reverse()
    return call.pages(found, call.views.review_comment)


@serves("POST", COMMENTS, WRITE)
def comment(call: Call) -> Response:
    """A single comment, which GitHub wraps in a submitted review of its own."""
    asked, pull = call.request.json(), call.pull
    reply_to = _comment(call, asked["in_reply_to"]) if "in_reply_to" in asked else None
    if reply_to is not None:
        note = Note(place=Place(path=reply_to.path, line=None), body=asked.get("body") or "")
    else:
        note = _note(asked)
    try:
        made = reviews.create_single(
            call.world, pull, call.viewer, note, _text(asked, "commit_id"), reply_to
        )
    except Refused as refused:
        raise _field_errors(refused) from refused
    return Response.of(201, _now(call).review_comment(made))


@serves("GET", COMMENT, READ)
def single(call: Call) -> Response:
    """One comment by id."""
    return Response.of(200, call.views.review_comment(_visible(call)))


@serves("PATCH", COMMENT, WRITE)
def edit_comment(call: Call) -> Response:
    """Another body."""
    body = _text(call.request.json(), "body")
    if not body:
        raise _malformed("body")
    done = reviews.edit_comment(call.world, _visible(call), call.viewer, body)
    return Response.of(200, _now(call).review_comment(done))


@serves("DELETE", COMMENT, WRITE)
def delete_comment(call: Call) -> Response:
    """A comment taken back, also after its review was submitted."""
    reviews.delete_comment(call.world, _visible(call), call.viewer)
    return Response(status=204)


def _visible(call: Call) -> ReviewComment:
    repo, number = call.repo, call.params["comment_id"]
    found = call.tables.review_comments.get(int(number) if number.isdecimal() else 0)
    pull = call.tables.pulls[found.pull_id] if found else None
    if found is None or pull is None or pull.repo_id != repo.id:
        raise not_found()
    if found not in call.tables.comments_on(pull, call.access.viewer_id):
        raise not_found()
    return found


def _now(call: Call) -> PullViews:
    """The views of the moment after the effect."""
    views = call.views
    return PullViews(views.world, call.world.tables, views.access, views.api_url, views.origin)


def _field_errors(refused: Refused) -> Refused:
    """This endpoint says the same sentences as objects."""
    errors = [
        {
            "resource": "PullRequestReviewComment",
            "code": "custom",
            "field": "pull_request_review_thread",
            "message": sentence,
        }
        for sentence in refused.errors or ()
    ]
    return Refused(refused.status, "Validation Failed", errors=errors)


def _comment(call: Call, number: int) -> ReviewComment:
    found = call.tables.review_comments.get(number)
    if found is None or found.pull_id != call.pull.id:
        raise not_found()
    return found


def _note(asked: Any) -> Note:
    if not isinstance(asked, dict) or not isinstance(asked.get("path"), str):
        raise _malformed("path")
    on_file = asked.get("subject_type") == "file"
    line = None if on_file else _number(asked, "line")
    if line is None and not on_file:
        # `position` is being closed down, and this fake does not count it.
        raise Refused(422, 'Invalid request.\n\nNo subschema in "oneOf" matched: "line" missing.')
    place = Place(
        path=asked["path"],
        line=line,
        side=_side(asked, "side") or "RIGHT",
        start_line=_number(asked, "start_line"),
        start_side=_side(asked, "start_side"),
    )
    return Note(place=place, body=_text(asked, "body") or "")


def _text(asked: dict[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise _malformed(name)
    return value


def _number(asked: dict[str, Any], name: str) -> int | None:
    value = asked.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise _malformed(name)
    return value


def _side(asked: dict[str, Any], name: str) -> str | None:
    value = _text(asked, name)
    if value not in (None, "LEFT", "RIGHT"):
        raise _malformed(name)
    return value


def _malformed(name: str) -> Refused:
    return Refused(422, f"Invalid request.\n\nFor 'properties/{name}', this is not of its type.")
