"""Connections: pages by key, so that an item which moves between two pages moves here too."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from graphql import GraphQLError

T = TypeVar("T")
LARGEST = 100


def error(kind: str, message: str) -> GraphQLError:
    """An error of GitHub's, which has a type beside its message."""
    return GraphQLError(message, extensions={"type": kind})


def connection(
    items: Sequence[T],
    show: Callable[[T], Any],
    arguments: dict[str, Any],
    *,
    where: str,
    key: Callable[[T], Any] = lambda item: item.id,  # type: ignore[attr-defined]
    descending: bool = False,
) -> dict[str, Any]:
    """One page of `items`, ordered by `key`, as `arguments` ask.

    Raises a GraphQLError without `first` or `last`, or when it is not within 1 and 100.
    """
    first, last = arguments.get("first"), arguments.get("last")
    size = first if first is not None else last
    if size is None:
        raise error(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{where}` "
            "connection.",
        )
    if not 0 <= size <= LARGEST:
        raise error(
            "EXCESSIVE_PAGINATION",
            f"Requesting {size} records on the `{where}` connection exceeds the `first` limit of "
            f"{LARGEST} records.",
        )
    ordered = sorted(items, key=key, reverse=descending)
    keys = [_keyed(key(item)) for item in ordered]
    start, end = 0, len(ordered)
    if after := arguments.get("after"):
        mark = _decoded(after, where)
        start = sum((one >= mark) if descending else (one <= mark) for one in keys)
    if before := arguments.get("before"):
        mark = _decoded(before, where)
        end = sum((one > mark) if descending else (one < mark) for one in keys)
    if first is not None:
        stop = min(end, start + size)
    else:
        start, stop = max(start, end - size), end
    page = ordered[start:stop]
    return {
        "nodes": [show(one) for one in page],
        "edges": lambda info: [
            {"cursor": _cursor(keys[start + index]), "node": show(one)}
            for index, one in enumerate(page)
        ],
        "totalCount": len(ordered),
        "pageInfo": {
            "hasNextPage": stop < len(ordered),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(keys[start]) if page else None,
            "endCursor": _cursor(keys[stop - 1]) if page else None,
        },
    }


def _keyed(key: Any) -> list[Any]:
    return list(key) if isinstance(key, tuple) else [key]


def _cursor(key: list[Any]) -> str:
    return base64.b64encode(b"cursor:v2:" + json.dumps(key).encode()).decode()


def _decoded(cursor: str, where: str) -> list[Any]:
    try:
        key: list[Any] = json.loads(base64.b64decode(cursor).removeprefix(b"cursor:v2:"))
    except ValueError as error_:
        raise error(
            "INVALID_CURSOR_ARGUMENTS",
            f"`{cursor}` does not appear to be a valid cursor ({where}).",
        ) from error_
    return key
