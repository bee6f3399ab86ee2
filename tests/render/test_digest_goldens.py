"""Each format of a digest, byte for byte; `make goldens` writes them anew, to be looked at."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest
from rich.console import Console

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_json import from_json, schema, to_json
from reviewer_cli.render.digest_html import page
from reviewer_cli.render.digest_markdown import brief, markdown
from reviewer_cli.render.digest_terminal import show_digest
from tests.render.digest_samples import SAMPLES

GOLDENS = Path(__file__).parent / "goldens"
SCHEMA = Path(__file__).parents[2] / "docs/digest.schema.json"


def on_terminal(digest: Digest, *, width: int = 80, encoding: str = "utf-8") -> str:
    """What a file gets that the terminal's text is sent to."""
    written = io.BytesIO()
    file = io.TextIOWrapper(written, encoding=encoding, newline="")
    console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    show_digest(digest, console)
    file.flush()
    return written.getvalue().decode(encoding)


FORMATS: dict[str, Callable[[Digest], str]] = {
    "txt": on_terminal,
    "md": markdown,
    "brief.md": brief,
    "html": page,
    "json": to_json,
}


def described() -> str:
    """The published schema as it is written."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_is_as_it_was_looked_at(name: str, suffix: str) -> None:
    golden = GOLDENS / f"{name}.{suffix}"
    assert FORMATS[suffix](SAMPLES[name]) == golden.read_bytes().decode(), "see make goldens"


def test_there_is_no_golden_of_nothing() -> None:
    wanted = {f"{name}.{suffix}" for name in SAMPLES for suffix in FORMATS}
    assert {file.name for file in GOLDENS.iterdir()} == wanted


def test_the_published_schema_is_the_one_of_the_tree() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == described(), "see make goldens"


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_written_keeps_to_the_published_schema_and_comes_back(name: str) -> None:
    text = (GOLDENS / f"{name}.json").read_text(encoding="utf-8")
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator.validate(json.loads(text))
    assert from_json(text) == SAMPLES[name]


def test_the_published_schema_refuses_what_is_no_digest() -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
    told = json.loads(to_json(SAMPLES["full"]))
    assert not validator.is_valid({})
    assert not validator.is_valid(told | {"volume": told["volume"] | {"reviewed": "many"}})


def write() -> None:
    """Write all goldens and the schema."""
    GOLDENS.mkdir(exist_ok=True)
    for old in GOLDENS.iterdir():
        old.unlink()
    for name, digest in SAMPLES.items():
        for suffix, form in FORMATS.items():
            (GOLDENS / f"{name}.{suffix}").write_bytes(form(digest).encode())
    SCHEMA.write_text(described(), encoding="utf-8")


if __name__ == "__main__":
    write()
