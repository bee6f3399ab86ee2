"""A digest as JSON and back; docs/digest.schema.json is the published schema of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from reviewer_cli.core.digest import SCHEMA, Digest

_ADAPTER = TypeAdapter(Digest)


def to_json(digest: Digest) -> str:
    """The digest as indented JSON with a newline at its end; the same digest is the same text."""
    return json.dumps(asdict(digest), ensure_ascii=True, indent=2, allow_nan=False) + "\n"


def from_json(text: str) -> Digest:
    """The digest that `to_json` wrote; raises ValueError where it is none, or of another schema."""
    digest = _ADAPTER.validate_json(text)
    if digest.schema != SCHEMA:
        raise ValueError(f"the digest is of the schema {digest.schema!r} instead of {SCHEMA!r}")
    return digest


def schema() -> dict[str, Any]:
    """What `to_json` writes, as a JSON schema (draft 2020-12)."""
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Digest"}
    return described | _ADAPTER.json_schema(mode="serialization")
