"""What can go wrong on the way to GitHub: each fault stands around the real handling of a request.

A fault gets the request and the handler. It may let the effect happen and hide the answer, answer
by itself, or change what comes back; so a new kind is one more function.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.github.messages import Dropped, Outcome, Refused, Request, Response, Silence

Handler = Callable[[Request], Response]
Fault = Callable[[Request, Handler], Outcome]

HTML = "<html><head><title>Unicorn!</title></head><body>Something went wrong.</body></html>"


@dataclass(slots=True, kw_only=True)
class Planned:
    """A fault that meets the next `times` requests of a method whose path matches."""

    method: str
    pattern: re.Pattern[str]
    fault: Fault
    times: int

    def meets(self, method: str, path: str) -> bool:
        """Whether it is this request's turn."""
        return (
            self.times > 0 and self.method in (method, "*") and bool(self.pattern.fullmatch(path))
        )


def planned(method: str, path_pattern: str, fault: Fault, times: int) -> Planned:
    """In the pattern `*` is one part of a path and `**` any number of them."""
    parts = re.split(r"(\*\*|\*)", path_pattern)
    regex = "".join({"*": "[^/]+", "**": ".*"}.get(part) or re.escape(part) for part in parts)
    return Planned(method=method, pattern=re.compile(regex), fault=fault, times=times)


def bad_gateway_before(request: Request, handle: Handler) -> Outcome:
    """502, and nothing happened."""
    return _gateway()


def bad_gateway_after(request: Request, handle: Handler) -> Outcome:
    """502, although everything happened."""
    handle(request)
    return _gateway()


def dropped_before(request: Request, handle: Handler) -> Outcome:
    """The connection is cut and nothing happened."""
    return Dropped()


def dropped_after(request: Request, handle: Handler) -> Outcome:
    """The connection is cut although everything happened."""
    handle(request)
    return Dropped()


def hang_before(request: Request, handle: Handler) -> Outcome:
    """No answer until the client gives up, and nothing happened."""
    return Silence()


def hang_after(request: Request, handle: Handler) -> Outcome:
    """No answer until the client gives up, although everything happened."""
    handle(request)
    return Silence()


def slow(seconds: float) -> Fault:
    """The right answer, late."""

    def late(request: Request, handle: Handler) -> Outcome:
        time.sleep(seconds)
        return handle(request)

    return late


def html(status: int) -> Fault:
    """A page for people instead of JSON; nothing happened."""
    return answer(status, HTML, {"content-type": "text/html; charset=utf-8"})


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Fault:
    """Any answer at all; nothing happened. A body that is no string is sent as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    given = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return lambda request, handle: Response(status=status, headers=given, body=text.encode())


def primary_limit(reset_at: float, status: int = 403) -> Fault:
    """The hourly limit is used up until `reset_at`, a Unix time; GitHub answers 403 or 429."""
    refused = Refused(status, "API rate limit exceeded for user ID 1.")
    headers = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": "5000",
        "x-ratelimit-reset": str(int(reset_at)),
        "x-ratelimit-resource": "core",
    }
    return _refusing(refused, headers)


def secondary_limit(retry_after: int | None = None, status: int = 403) -> Fault:
    """Too much at once; with or without a word about when to come back."""
    refused = Refused(
        status,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    )
    return _refusing(refused, {} if retry_after is None else {"retry-after": str(retry_after)})


def graphql_limited(request: Request, handle: Handler) -> Outcome:
    """The points are used up, which GraphQL says with HTTP 200."""
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}
    return Response.of(200, {"errors": [error]}, {"x-ratelimit-remaining": "0"})


def revoked(request: Request, handle: Handler) -> Outcome:
    """The token has been revoked a moment ago."""
    return Refused(401, "Bad credentials").response()


def unprocessable(*errors: str) -> Fault:
    """422 with these sentences."""
    return _refusing(Refused(422, "Unprocessable Entity", errors=list(errors)), {})


def stale(steps_ago: int = 1) -> Fault:
    """The answer as the world stood so many steps ago; only for requests that read."""
    return lambda request, handle: handle(replace(request, steps_ago=steps_ago))


def redirect(location: str, status: int = 302) -> Fault:
    """Sent elsewhere."""
    return answer(status, {"message": "Found"}, {"location": location})


def foreign_link(url: str) -> Fault:
    """The right answer with a next page on another host."""

    def linked(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        headers = {**response.headers, "link": f'<{url}>; rel="next", <{url}>; rel="last"'}
        return replace(response, headers=headers)

    return linked


def first(step: Callable[[], object]) -> Fault:
    """The right answer after something else happened in the world, such as a push."""

    def stepped(request: Request, handle: Handler) -> Outcome:
        step()
        return handle(request)

    return stepped


def then(step: Callable[[], object]) -> Fault:
    """The right answer, computed just before something else happened in the world."""

    def stepped(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        step()
        return response

    return stepped


def _gateway() -> Response:
    return Response.of(502, {"message": "Server Error"})


def _refusing(refused: Refused, headers: dict[str, str]) -> Fault:
    response = refused.response()
    changed = replace(response, headers={**response.headers, **headers})
    return lambda request, handle: changed
