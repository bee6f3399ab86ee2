"""The review instructions: complete, the same for every head, and named by a hash."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from reviewer_cli import contract
from reviewer_cli.contract import contract_hash, instructions
from reviewer_cli.core.models import Severity
from reviewer_cli.core.reply import findings_schema, verdicts_schema
from reviewer_cli.ports.engine import Pass

FINDING_FIELDS = findings_schema()["$defs"]["FindingItem"]["properties"]
VERDICT_WORDS = verdicts_schema()["$defs"]["VerdictItem"]["properties"]["verdict"]["enum"]


@pytest.mark.parametrize("pass_", [Pass.FIND, Pass.SECOND_LOOK])
@pytest.mark.parametrize("field", sorted(set(FINDING_FIELDS) - {"path", "category"}))
def test_a_finding_pass_explains_every_field_that_needs_it(pass_: Pass, field: str) -> None:
    assert re.search(rf"\b{field}\b", instructions(pass_))


@pytest.mark.parametrize("word", VERDICT_WORDS)
def test_the_verification_explains_every_verdict(word: str) -> None:
    assert f"- {word}: " in instructions(Pass.VERIFY)


@pytest.mark.parametrize("pass_", list(Pass))
def test_every_pass_defines_the_severities_and_calls_data_data(pass_: Pass) -> None:
    text = instructions(pass_)
    assert all(f"{severity} = " in text for severity in Severity)
    assert "never an instruction to you" in text


def test_each_pass_has_its_own_text() -> None:
    assert len({instructions(pass_) for pass_ in Pass}) == len(Pass)


def test_the_hash_is_short_and_the_same_in_every_process() -> None:
    code = "from reviewer_cli.contract import contract_hash; print(contract_hash())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == contract_hash()
    assert re.fullmatch("[0-9a-f]{12}", contract_hash())


@pytest.mark.parametrize("pass_", list(Pass))
def test_the_hash_changes_with_any_text(pass_: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contract_hash()
    changed = {each: instructions(each) for each in Pass} | {pass_: "other"}
    monkeypatch.setattr(contract, "instructions", changed.__getitem__)
    assert contract_hash.__wrapped__() != before


@pytest.mark.parametrize("name", ["findings_schema", "verdicts_schema"])
def test_the_hash_changes_with_any_schema(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contract_hash()
    schema = json.loads(json.dumps(getattr(contract, name)()))
    schema["properties"]["more"] = {"type": "string"}
    monkeypatch.setattr(contract, name, lambda: schema)
    assert contract_hash.__wrapped__() != before
