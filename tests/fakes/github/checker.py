"""Judges a log: every REST exchange by GitHub's description, every query by GitHub's schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import graphql

from tests.fakes.github.exchange import Exchange
from tests.fakes.github.spec import JSON, Description, Operation, description, graphql_schema

UNDOCUMENTED_STATUSES = (301, 401, 403, 404, 429)
"""GitHub documents these for some operations and may send them for any."""

REALLY_NULL = re.compile(
    r"(\d+/)?((original_)?line|position|start_line|head/repo): null is not of type .*"
)
"""GitHub sends null for the line of an outdated comment and for a deleted head repository, although
its description of some operations does not say so."""

UNJUDGED = {("get", "/app/installations")}
"""Its description asks that `account` be a user and an enterprise at once; no answer can be."""


@dataclass
class Checker:
    """Says how exchanges depart from the official descriptions.

    What no description says (a line is part of the diff, one pending review) the fake itself
    refuses. The answers of scripted faults are not judged, the requests that met them are.
    """

    judged: int = 0
    _queries: dict[str, list[str]] = field(default_factory=dict)

    def problems(self, log: Iterable[Exchange]) -> list[str]:
        """One sentence for each departure."""
        found = []
        for exchange in log:
            if exchange.kind == "git":
                continue
            self.judged += 1
            judge = self._graphql if exchange.kind == "graphql" else self._rest
            name = f"{exchange.method} {exchange.path} [{exchange.status}]"
            found += [f"{name} {problem}" for problem in judge(exchange)]
        return found

    def _graphql(self, exchange: Exchange) -> Iterator[str]:
        query = json.loads(exchange.request_body)["query"]
        if query not in self._queries:
            try:
                errors = graphql.validate(graphql_schema(), graphql.parse(query))
            except graphql.GraphQLSyntaxError as error:
                errors = [error]
            self._queries[query] = [error.message for error in errors]
        yield from (f"query: {message}" for message in self._queries[query])

    def _rest(self, exchange: Exchange) -> Iterator[str]:
        spec = description()
        path = re.sub(r"^/repositories/\d+", "/repos/moved/moved", unquote(exchange.path))
        operation = spec.operation(exchange.method, path)
        if operation is None:
            yield "request: not an operation of the official description"
            return
        yield from _parameters(spec, operation, exchange.query)
        yield from _request(spec, operation, exchange)
        if not exchange.fault:
            yield from _response(spec, operation, exchange)


def _parameters(spec: Description, operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
    known = {}
    for one in map(spec.resolved, operation.described.get("parameters", [])):
        known[one["in"], one["name"]] = spec.resolved(one["schema"])
    given = [("path", *pair) for pair in operation.matched.items()]
    given += [("query", *pair) for pair in query.items()]
    for where, name, text in given:
        schema = known.get((where, name))
        if schema is None:
            yield f"request {where} {name}: not a documented parameter"
            continue
        number = schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text)
        key = (operation.template, operation.method, where, name)
        value = int(text) if number else text
        yield from (f"request {where} {name}{one}" for one in spec.faults(key, schema, value))


def _request(spec: Description, operation: Operation, exchange: Exchange) -> Iterator[str]:
    if not exchange.request_body:
        return
    if "requestBody" not in operation.described:
        yield "request: no body is documented"
        return
    schema = spec.resolved(operation.described["requestBody"])["content"][JSON]["schema"]
    body = json.loads(exchange.request_body)
    key = (operation.template, operation.method, "body")
    yield from (f"request body/{one}" for one in spec.faults(key, schema, body))
    yield from (f"request {one}" for one in spec.unknown_keys(schema, body))


def _response(spec: Description, operation: Operation, exchange: Exchange) -> Iterator[str]:
    if (operation.method, operation.template) in UNJUDGED:
        return
    documented = operation.described["responses"].get(str(exchange.status))
    if documented is None:
        if exchange.status not in UNDOCUMENTED_STATUSES:
            yield "response: this status is not documented"
        return
    content = spec.resolved(documented).get("content", {}).get(JSON)
    if content and exchange.response_body and JSON in exchange.response_type:
        key = (operation.template, operation.method, exchange.status)
        body = json.loads(exchange.response_body)
        for fault in spec.faults(key, content["schema"], body):
            if not REALLY_NULL.fullmatch(fault):
                yield f"response {fault}"
