"""Reports for other programs say a stranger's words as words, whichever way they are written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.cli.output import to_json
from reviewer_cli.core.models import HeadKey
from reviewer_cli.core.sanitise import UNSEEN
from reviewer_cli.render.sarif import file_name, sarif
from tests.fakes.engine import ScriptedEngine, found
from tests.fakes.stage import Stage

ADDRESSES = (
    "https://evil.example/x.py",
    "//evil.example/x.py",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "a b?c=d#e%2f.py",
    "=HYPERLINK(1)",
)
LINKS = (
    "[read more](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "[x](0)",
    "a\u202e\x1b[31m](//evil.example)",
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.threat("T33", layer="sanitiser", tries=len(ADDRESSES) + len(LINKS))
def test_sarif_holds_no_address_but_paths_and_no_link(stage: Stage) -> None:
    stage.repo().commit({"a.py": "b = 2\n"}, branch="topic")
    said = " ".join(LINKS)
    stage.engine = ScriptedEngine(
        lambda request: {
            "findings": [found("a.py", 1, "b = 2", title=LINKS[0], body=said, rule=LINKS[3])]
            + [found(path, 1, "x", title=f"At {path}", body=said) for path in ADDRESSES]
        }
    )
    assert stage.sweep().exit_code == 0
    history = stage.history("topic")
    (run,) = json.loads(sarif(history))["runs"]
    assert len(run["results"]) == 1 + len(ADDRESSES)
    places = set()
    for result in run["results"]:
        (place,) = result["locations"]
        address = urlsplit(place["physicalLocation"]["artifactLocation"]["uri"])
        places.add(unquote(address.path))
        assert (address.scheme, address.netloc, address.query, address.fragment) == ("",) * 4
        assert not address.path.startswith("/")
        assert "](" not in result["message"]["text"]
        assert not UNSEEN.search(result["message"]["text"] + result["ruleId"])
    assert places >= {"a.py", "a b?c=d#e%2f.py", "=HYPERLINK(1)"}


NAMES = (
    "../../../etc/cron.d/x",
    "/abs",
    "",
    ".",
    "..",
    "a\n\x1b[2Jb\u202e",
    "-rf",
    "x" * 400,
    "\udcff",
)


@pytest.mark.threat("T33", layer="sanitiser", tries=len(NAMES))
def test_a_document_has_a_plain_name_of_its_own(stage: Stage) -> None:
    stage.repo().commit({"a.py": "b = 2\n"}, branch="topic")
    stage.sweep()
    history = stage.history("topic")
    for name in NAMES:
        key = HeadKey("local", name, name, "a" * 40)
        made = file_name(replace(history, head=replace(history.head, key=key)))
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*-a{12}\.sarif|-a{12}\.sarif", made), made
        assert len(made) < 150


@pytest.mark.threat("T33", layer="terminal")
@given(st.text())
def test_json_for_other_programs_is_ascii_and_says_the_same(text: str) -> None:
    made = to_json({"title": text})
    assert made.isascii()
    assert made.replace("\n", "").isprintable()
    assert json.loads(made) == {"title": text}
