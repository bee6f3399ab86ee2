"""GraphQL: queries really executed on GitHub's official schema over the world.

So a query that does not fit the schema fails, a wrong variable fails, and code that reads a field
which it did not ask for finds nothing. Without the schema there is no answer but SpecMissing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import graphql
from graphql import GraphQLError, GraphQLResolveInfo

from tests.fakes.github import spec
from tests.fakes.github.access import Access
from tests.fakes.github.graphql_cost import NODE_LIMIT, Cost, cost
from tests.fakes.github.graphql_mutations import Mutations
from tests.fakes.github.graphql_nodes import Node, Nodes
from tests.fakes.github.graphql_pages import error
from tests.fakes.github.graphql_search import search
from tests.fakes.github.limits import ACTIONS, GRAPHQL, USUAL, Budget, Limits
from tests.fakes.github.messages import Refused, Request, Response
from tests.fakes.github.rows import iso
from tests.fakes.github.tokens import Credential, Kind, Tokens
from tests.fakes.github.world import World


class NotModelled(NotImplementedError):
    """The fake has no such field; add it to `graphql_nodes` rather than live with a null."""


@dataclass(slots=True, kw_only=True)
class GraphQL:
    """Answers GraphQL requests about a world; `search_lag` is in steps of its history."""

    world: World
    tokens: Tokens
    limits: Limits
    origin: str
    search_lag: int = 0

    def answer(self, request: Request) -> Response:
        """HTTP 200 with data, errors or both; 401 for a bad credential."""
        try:
            credential = self._credential(request)
            asked = request.json()
        except Refused as refused:
            return refused.response()
        budget = self._budget(credential)
        value, points = self._execute(request, credential, asked, budget)
        headers = budget.headers() | {"x-fake-points": str(points)}
        if credential.kind is Kind.CLASSIC:
            headers["x-oauth-scopes"] = ", ".join(credential.scopes)
        return Response.of(200, value, headers)

    def _credential(self, request: Request) -> Credential:
        _, _, value = request.headers.get("authorization", "").partition(" ")
        if not value:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        return self.tokens.of(value.strip())

    def _budget(self, credential: Credential) -> Budget:
        usual = ACTIONS if credential.kind is Kind.ACTIONS else USUAL
        return self.limits.of(credential.budget, GRAPHQL, usual, self.world.now)

    def _execute(
        self, request: Request, credential: Credential, asked: Any, budget: Budget
    ) -> tuple[dict[str, Any], int]:
        query, variables = asked.get("query") or "", asked.get("variables") or {}
        try:
            document = graphql.parse(query)
        except graphql.GraphQLSyntaxError as syntax:
            return {"errors": [{"message": syntax.message}]}, 0
        faults = graphql.validate(spec.graphql_schema(), document)
        if faults:
            return {"errors": [_invalid(fault) for fault in faults]}, 0
        price = cost(document, variables)
        if price.nodes > NODE_LIMIT:
            return _only("MAX_NODE_LIMIT_EXCEEDED", _too_many(price)), 0
        if price.points > budget.remaining:
            return _only("RATE_LIMITED", _exhausted(credential)), 0
        budget.used += price.points
        nodes = Nodes(self.world, self.world.at(request.steps_ago), Access(credential), self.origin)
        result = graphql.graphql_sync(
            spec.graphql_schema(),
            query,
            _Root(self, nodes, price, budget).fields(),
            variable_values=variables,
            operation_name=asked.get("operationName"),
            field_resolver=_field,
        )
        for fault in result.errors or ():
            if isinstance(fault.original_error, NotImplementedError):
                raise fault.original_error
        shown: dict[str, Any] = dict(result.formatted)
        if "errors" in shown:
            shown["errors"] = [_typed(fault) for fault in shown["errors"]]
        if shown.get("data") is None and not any("path" in one for one in shown.get("errors", ())):
            shown.pop("data", None)  # Not executed at all.
        return shown, price.points


@dataclass(frozen=True, slots=True)
class _Root:
    """The root fields of queries and mutations."""

    api: GraphQL
    nodes: Nodes
    price: Cost
    budget: Budget

    def fields(self) -> Mapping[str, Any]:
        nodes = self.nodes
        viewer = nodes.access.credential.actor if nodes.access.credential else None
        lagging = replace(nodes, tables=self.api.world.at(self.api.search_lag))
        return {
            "viewer": nodes.account(viewer) | {"__typename": "User"} if viewer else None,  # type: ignore[operator]
            "rateLimit": {
                "cost": self.price.points,
                "nodeCount": self.price.nodes,
                "limit": self.budget.limit,
                "used": self.budget.used,
                "remaining": self.budget.remaining,
                "resetAt": iso(self.budget.reset_at),
            },
            "repository": lambda info, owner, name, followRenames=True: nodes.repository(  # noqa: N803
                owner, name, follow=followRenames
            ),
            "node": lambda info, id: nodes.of(id),  # noqa: A006
            "nodes": lambda info, ids: [_settled(nodes.of, one) for one in ids],
            "organization": lambda info, login: self._owner(login, "Organization"),
            "user": lambda info, login: self._owner(login, "User"),
            "repositoryOwner": lambda info, login, **_: self._owner(login, ""),
            "search": lambda info, query, type, **args: search(lagging, query, type, args),  # noqa: A006
            **Mutations(self.api.world, nodes).fields(),
        }

    def _owner(self, login: str, kind: str) -> Node | None:
        account = self.nodes.tables.account(login)
        if account is None or account.kind == "Bot" or (kind and account.kind != kind):
            shown = "an Organization" if kind == "Organization" else "a User"
            raise error("NOT_FOUND", f"Could not resolve to {shown} with the login of '{login}'.")
        return self.nodes.account(account)


def _field(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """A key of the source; a missing one is the fake's fault and is never shown as null."""
    try:
        value = source[info.field_name]
    except (KeyError, TypeError) as missing:
        raise NotModelled(f"{info.parent_type.name}.{info.field_name}") from missing
    return value(info, **arguments) if callable(value) else value


def _settled(resolve: Callable[[str], Node], node_id: str) -> Node | GraphQLError:
    """A failing one of `nodes(ids:)` is null, with an error of its own."""
    try:
        return resolve(node_id)
    except GraphQLError as fault:
        return fault


def _typed(fault: Any) -> dict[str, Any]:
    """GitHub puts the type of an error beside its message."""
    shown = dict(fault)
    extensions = shown.pop("extensions", None) or {}
    return ({"type": extensions["type"]} if "type" in extensions else {}) | shown


def _invalid(fault: GraphQLError) -> dict[str, Any]:
    return dict(fault.formatted)


def _only(kind: str, message: str) -> dict[str, Any]:
    return {"errors": [{"type": kind, "message": message}]}


def _too_many(price: Cost) -> str:
    return (
        f"This query requests up to {price.nodes:,} possible nodes which exceeds the maximum "
        f"limit of {NODE_LIMIT:,}."
    )


def _exhausted(credential: Credential) -> str:
    return f"API rate limit exceeded for user ID {credential.actor.id}."
