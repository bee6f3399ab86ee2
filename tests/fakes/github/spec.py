"""GitHub's published descriptions of its interfaces, and a check of every exchange against them.

They are large and not kept in this repository: `make github-spec` fetches them. They are read
from $GITHUB_SPEC_DIR, else from `../shared/github-spec` beside the repository, plain or as `.xz`.
"""

from __future__ import annotations

import copy
import functools
import json
import lzma
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphql
import jsonschema_rs
import pytest

OPENAPI, GRAPHQL = "api.github.com.json", "schema.graphql"
REPOSITORY = Path(__file__).resolve().parents[3]
FOLDER = Path(
    # Read while this file is imported: the guards of the suite empty the environment later.
    os.environ.get("GITHUB_SPEC_DIR") or REPOSITORY.parent / "shared" / "github-spec"
)
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
JSON = "application/json"
DRAFT = {"$schema": "http://json-schema.org/draft-07/schema#"}


class SpecMissing(Exception):
    """A description is not there; the message says how to get it."""


def path_of(name: str) -> Path | None:
    """The file of a description, None when it has not been fetched."""
    candidates = (FOLDER / name, FOLDER / f"{name}.xz")
    return next((path for path in candidates if path.exists()), None)


def read(name: str) -> bytes:
    """The text of a description; raises SpecMissing."""
    path = path_of(name)
    if path is None:
        raise SpecMissing(
            f"{name} is not in {FOLDER}; fetch GitHub's descriptions with `make github-spec`."
        )
    raw = path.read_bytes()
    return lzma.decompress(raw) if path.suffix == ".xz" else raw


def _needs(name: str) -> pytest.MarkDecorator:
    reason = f"{name} of GitHub is not in {FOLDER}; fetch it with `make github-spec`"
    return pytest.mark.skipif(path_of(name) is None, reason=reason)


needs_openapi = _needs(OPENAPI)
needs_graphql = _needs(GRAPHQL)


@functools.cache
def graphql_schema() -> graphql.GraphQLSchema:
    """The official schema; building it takes about a second, once."""
    # Strict building rejects the published file.
    return graphql.build_schema(read(GRAPHQL).decode(), assume_valid=True)


@functools.cache
def _examples() -> dict[str, Any]:
    if path_of(OPENAPI) is None:
        return {}
    found: dict[str, Any] = description().document["components"]["examples"]
    return found


def example(name: str) -> Any:
    """The official example of that name as a fresh value, None without the description."""
    found = _examples().get(name)
    return copy.deepcopy(found["value"]) if found else None


def to_json_schema(node: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` rewritten, examples left out."""
    if isinstance(node, list):
        return [to_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {
        key: to_json_schema(value)
        for key, value in node.items()
        if key not in ("example", "examples", "discriminator")
    }
    if out.pop("nullable", False) is not True:
        return out
    if not isinstance(out.get("type"), str):
        return {"anyOf": [out, {"type": "null"}]}
    out["type"] = [out["type"], "null"]
    if "enum" in out:
        out["enum"] = [*out["enum"], None]
    return out


@dataclass(frozen=True)
class Operation:
    """One documented operation and what its path template matched."""

    template: str
    method: str
    described: dict[str, Any]
    matched: dict[str, str]


class Description:
    """The OpenAPI description, compiled as far as it is asked."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Index the paths; the schemas are compiled when they are first needed."""
        self.document = document
        self._schemas = to_json_schema(document["components"]["schemas"])
        self._compiled: dict[tuple[Any, ...], Any] = {}
        routes = []
        for template, item in document["paths"].items():
            parameters = [
                self.resolved(one) for op in item.values() for one in op.get("parameters", [])
            ]
            many = {one["name"] for one in parameters if one.get("x-multi-segment")} | {"basehead"}
            routes.append((template.count("{"), -len(template), _regex(template, many), template))
        # Concrete paths win over templated ones.
        self._routes = sorted(routes, key=lambda route: route[:2])

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        """The node itself instead of a reference to it."""
        while "$ref" in node:
            node = functools.reduce(
                lambda at, key: at[key], node["$ref"].lstrip("#/").split("/"), self.document
            )
        return node

    def operation(self, method: str, path: str) -> Operation | None:
        """The documented operation of a request."""
        for _, _, regex, template in self._routes:
            described = self.document["paths"][template].get(method.lower())
            if described and (match := regex.fullmatch(path)):
                return Operation(template, method.lower(), described, match.groupdict())
        return None

    def faults(self, key: tuple[Any, ...], schema: Any, value: Any) -> list[str]:
        """What is wrong with a value; `key` names the schema for reuse."""
        if key not in self._compiled:
            own = to_json_schema(schema)
            whole = DRAFT | own | {"components": {"schemas": self._reachable(own)}}
            self._compiled[key] = jsonschema_rs.validator_for(whole)
        return [
            f"{'/'.join(map(str, one.instance_path))}: {one.message[:160]}"
            for one in self._compiled[key].iter_errors(value)
        ]

    def _reachable(self, schema: Any) -> dict[str, Any]:
        """The schemas that one refers to, at any distance: compiling all takes half a second."""
        found: dict[str, Any] = {}
        waiting = [schema]
        while waiting:
            for name in REFERENCE.findall(json.dumps(waiting.pop())):
                if name not in found:
                    found[name] = self._schemas[name]
                    waiting.append(found[name])
        return found

    def unknown_keys(self, schema: Any, value: Any, at: str = "body") -> Iterator[str]:
        """Keys that no schema names: request schemas allow them, so a typing error would pass."""
        schema = self.resolved(schema)
        if isinstance(value, dict) and "properties" in schema:
            for key, inner in value.items():
                known = schema["properties"].get(key)
                if known is None:
                    yield f"{at}/{key}: not a documented property"
                else:
                    yield from self.unknown_keys(known, inner, f"{at}/{key}")
        elif isinstance(value, list) and "items" in schema:
            for index, inner in enumerate(value):
                yield from self.unknown_keys(schema["items"], inner, f"{at}/{index}")


@functools.cache
def description() -> Description:
    """The official description of REST; about half a second, once."""
    return Description(json.loads(read(OPENAPI)))


def _regex(template: str, many: set[str]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{'.+' if match[1] in many else '[^/]+'})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(template)))
