"""What passes between the server and the rooms behind it: requests, responses, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json; charset=utf-8"
DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; `path` is below the API root, undecoded, `steps_ago` makes it stale."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    steps_ago: int = 0

    def json(self) -> Any:
        """The body as JSON, {} when there is none; raises Refused when it is not JSON."""
        try:
            return json.loads(self.body) if self.body else {}
        except ValueError as error:
            raise Refused(400, "Problems parsing JSON") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @staticmethod
    def of(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        """An answer in JSON."""
        body = json.dumps(value).encode()
        return Response(status=status, headers={"content-type": JSON, **(headers or {})}, body=body)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Instead of an answer: the connection is cut."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Instead of an answer: nothing, until the client gives up."""


Outcome = Response | Dropped | Silence


class Refused(Exception):
    """GitHub says no; `errors` is what a 422 lists."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, *(errors or ()))
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> Response:
        """GitHub's JSON for it."""
        value: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            value["errors"] = self.errors
        value |= {"documentation_url": DOCUMENTATION, "status": str(self.status)}
        return Response.of(self.status, value, self.headers)


def unprocessable(*errors: str) -> Refused:
    """The 422 of the review endpoints, which lists sentences."""
    return Refused(422, "Unprocessable Entity", errors=list(errors))


def not_found() -> Refused:
    """What there is not, or what the token may not know of."""
    return Refused(404, "Not Found")
