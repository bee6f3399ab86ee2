"""REST: the table of routes, and what every answer has in common: rights, pages, limits, ETags.

The rooms named `rest_*` fill the table. A documented path that they do not serve answers 501, so
that a test which needs it fails loudly.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

from tests.fakes.github.access import Access, accepted
from tests.fakes.github.limits import ACTIONS, ANONYMOUS, CORE, USUAL, Budget, Limits
from tests.fakes.github.messages import Refused, Request, Response, not_found
from tests.fakes.github.rows import Account, Pull, Repo, Review, Tables
from tests.fakes.github.tokens import Credential, Kind, Tokens
from tests.fakes.github.views_pulls import PullViews
from tests.fakes.github.world import World

T = TypeVar("T")
PAGE, LARGEST_PAGE = 30, 100
VERSION = "2022-11-28"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on its way through a handler; `permission` is what the route asks for."""

    request: Request
    world: World
    tokens: Tokens
    limits: Limits
    tables: Tables
    access: Access
    views: PullViews
    params: Mapping[str, str]
    permission: str = ""

    @property
    def viewer(self) -> Account:
        """The account that acts; raises Refused 401 for the anonymous public."""
        if self.access.credential is None:
            raise Refused(401, "Requires authentication")
        return self.access.credential.actor

    @property
    def repo(self) -> Repo:
        """The repository of the path, which the viewer may use as the route asks."""
        repo = self.tables.repo(self.params["owner"], self.params["repo"])
        if repo is None:
            raise not_found()
        name, _, level = self.permission.partition(":")
        self.access.check(repo, name, level)
        if level == "write" and repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")
        return repo

    @property
    def pull(self) -> Pull:
        """The pull request of the path."""
        number = self.params.get("pull_number") or self.params.get("issue_number", "")
        pull = self.tables.pull(self.repo, int(number)) if number.isdecimal() else None
        if pull is None:
            raise not_found()
        return pull

    @property
    def review(self) -> Review:
        """The review of the path, if the viewer sees it."""
        seen = self.tables.reviews_of(self.pull, self.access.viewer_id)
        found = next((one for one in seen if str(one.id) == self.params["review_id"]), None)
        if found is None:
            raise not_found()
        return found

    def pages(self, items: Sequence[T], show: Callable[[T], Any], key: str = "") -> Response:
        """One page of a list with its Link header; under `key` it comes with a total count."""
        per_page = min(max(self.number("per_page", PAGE), 1), LARGEST_PAGE)
        page = max(self.number("page", 1), 1)
        last = max(1, -(-len(items) // per_page))
        relations = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page <= 1:
            del relations["prev"], relations["first"]
        if page >= last:
            del relations["next"], relations["last"]
        links = [f'<{self._page_url(to)}>; rel="{name}"' for name, to in relations.items()]
        shown = [show(one) for one in items[(page - 1) * per_page : page * per_page]]
        value = {"total_count": len(items), key: shown} if key else shown
        return Response.of(200, value, {"link": ", ".join(links)} if links else {})

    def number(self, name: str, usual: int) -> int:
        """A number of the query string, the usual one when it is missing or not a number."""
        text = self.request.query.get(name, "")
        return int(text) if text.isdecimal() else usual

    def _page_url(self, page: int) -> str:
        query = urlencode({**self.request.query, "page": page})
        return f"{self.views.api_url}{self.request.path}?{query}"


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template with what it asks of a token."""

    method: str
    regex: re.Pattern[str]
    permission: str
    handler: Handler


ROUTES: list[Route] = []


def serves(method: str, template: str, permission: str = "") -> Callable[[Handler], Handler]:
    """Put a handler into the table; `permission` is like `pull_requests:write`."""
    regex = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))

    def entered(handler: Handler) -> Handler:
        ROUTES.append(Route(method, re.compile(regex), permission, handler))
        return handler

    return entered


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Answers REST requests about a world."""

    world: World
    tokens: Tokens
    limits: Limits
    api_url: str
    origin: str

    def answer(self, request: Request) -> Response:
        """One answer with GitHub's headers; refusals are answers too."""
        headers: dict[str, str] = {}
        try:
            credential = self._credential(request)
            budget = self._budget(request, credential)
            headers = _headers(credential, budget)
            if budget.remaining == 0 and request.path != "/rate_limit":
                raise _exceeded(credential)
            response = self._route(request, credential)
        except Refused as refused:
            response = refused.response()
        else:
            response = _conditional(request, response, credential)
            if response.status != 304 and request.path != "/rate_limit":
                budget.used += 1
                headers |= budget.headers()
        return replace(response, headers={**headers, **response.headers})

    def _budget(self, request: Request, credential: Credential | None) -> Budget:
        """The primary limit that a request uses: a user's, an installation's, an App's."""
        now = self.world.now
        if credential is not None:
            usual = ACTIONS if credential.kind is Kind.ACTIONS else USUAL
            return self.limits.of(credential.budget, CORE, usual, now)
        if "authorization" in request.headers:
            return self.limits.of("apps", CORE, USUAL, now)
        return self.limits.of("public", CORE, ANONYMOUS, now)

    def _credential(self, request: Request) -> Credential | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if not scheme or _is_jwt(value):
            return None  # A JWT is no user's: `rest_accounts` reads it.
        if scheme.lower() not in ("bearer", "token"):
            raise Refused(401, "Bad credentials")
        return self.tokens.of(value.strip())

    def _route(self, request: Request, credential: Credential | None) -> Response:
        tables = self.world.at(request.steps_ago)
        access = Access(credential)
        path = _of_today(request.path, tables)
        for route in ROUTES:
            match = route.regex.fullmatch(path)
            if match is None or route.method != request.method:
                continue
            call = Call(
                request=request,
                world=self.world,
                tokens=self.tokens,
                limits=self.limits,
                tables=tables,
                access=access,
                views=PullViews(self.world, tables, access, self.api_url, self.origin),
                params={name: unquote(value) for name, value in match.groupdict().items()},
                permission=route.permission,
            )
            moved = self._moved(call, request)
            response = moved or route.handler(call)
            name, _, level = route.permission.partition(":")
            header = accepted(name, level) if name and credential and not credential.scopes else {}
            return replace(response, headers={**header, **response.headers})
        raise Refused(501, f"The fake GitHub does not serve {request.method} {request.path}")

    def _moved(self, call: Call, request: Request) -> Response | None:
        """GitHub sends a former name of a repository on to its id."""
        if "repo" not in call.params or request.path.startswith("/repositories/"):
            return None
        named = f"{call.params['owner']}/{call.params['repo']}"
        repo = call.tables.repo(*named.split("/", 1))
        if repo is None or repo.full_name.lower() == named.lower() or not call.access.sees(repo):
            return None
        rest = request.path.split("/", 4)[4:]
        url = "/".join([f"{self.api_url}/repositories/{repo.id}", *rest])
        if request.query:
            url += f"?{urlencode(request.query)}"
        value = {"message": "Moved Permanently", "url": url}
        return Response.of(301, value, {"location": url})


def _is_jwt(value: str) -> bool:
    return value.count(".") == 2 and not value.startswith("gh")


def _of_today(path: str, tables: Tables) -> str:
    """`/repositories/{id}/…` as the path by name."""
    match = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
    repo = tables.repos.get(int(match[1])) if match else None
    if match is None or repo is None:
        return path
    return f"/repos/{quote(repo.owner.login)}/{quote(repo.name)}{match[2] or ''}"


def _headers(credential: Credential | None, budget: Budget) -> dict[str, str]:
    headers = {
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": VERSION,
    }
    if credential and credential.kind is Kind.CLASSIC:
        headers |= {"x-oauth-scopes": ", ".join(credential.scopes), "x-accepted-oauth-scopes": ""}
    return headers | budget.headers()


def _exceeded(credential: Credential | None) -> Refused:
    whose = f"user ID {credential.actor.id}" if credential else "127.0.0.1"
    return Refused(403, f"API rate limit exceeded for {whose}.")


def _conditional(request: Request, response: Response, credential: Credential | None) -> Response:
    """An ETag for each GET; it depends on the token, so a new token sees no 304."""
    if request.method != "GET" or response.status != 200:
        return response
    holder = credential.value if credential else ""
    etag = f'W/"{hashlib.sha256(holder.encode() + response.body).hexdigest()}"'
    headers = {**response.headers, "etag": etag, "cache-control": "private, max-age=60"}
    if request.headers.get("if-none-match") == etag:
        headers.pop("content-type", None)
        return Response(status=304, headers=headers)
    return replace(response, headers=headers)
