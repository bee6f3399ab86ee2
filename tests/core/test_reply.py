"""An answer is valid findings or an error; nothing else is ever taken for a clean review."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest

from reviewer_cli.core.models import Severity, Side
from reviewer_cli.core.reply import (
    findings_schema,
    parse_findings,
    parse_verdicts,
    verdicts_schema,
)
from reviewer_cli.errors import InvalidReply

GOOD: dict[str, Any] = {
    "path": "a.py",
    "line": 3,
    "severity": "high",
    "category": "correctness",
    "title": "Wrong",
    "body": "It fails.",
    "quote": "x = 1",
    "confidence": 0.5,
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_a_valid_reply_becomes_findings_in_order() -> None:
    full = {**GOOD, "side": "LEFT", "start_line": 2, "suggestion": "x = 2", "rule": "R1"}
    first, second = parse_findings({"findings": [full, GOOD]})
    assert (first.side, first.start_line, first.suggestion, first.rule) == (
        Side.LEFT,
        2,
        "x = 2",
        "R1",
    )
    assert (second.severity, second.line, second.side) == (Severity.HIGH, 3, Side.RIGHT)


def test_a_clean_review_must_be_said() -> None:
    assert parse_findings({"findings": []}) == ()


@pytest.mark.parametrize(
    "data",
    [
        *(None, "", [], {}, "LGTM", "no findings", 0, False, True, b"{}", float("nan"), object()),
        *({"findings": None}, {"findings": "none"}, {"findings": {}}, {"findings": [None]}),
        *({"finding": []}, {"findings": [], "verdict": "clean"}, [{"findings": []}]),
        json.dumps({"findings": []}),
    ],
)
def test_anything_else_is_an_error(data: object) -> None:
    with pytest.raises(InvalidReply):
        parse_findings(data)


@pytest.mark.parametrize(
    "item",
    [
        *(without(name) for name in GOOD),
        {**GOOD, "approve": True},
        *({**GOOD, "line": value} for value in (0, -1, None, "three", 1.5, [1], 2**31, 10**400)),
        *({**GOOD, "severity": value} for value in ("CRITICAL", "", "blocker", None)),
        *({**GOOD, "confidence": value} for value in (float("nan"), float("inf"), -0.1, 1.1, None)),
        *({**GOOD, name: ""} for name in ("path", "title", "body", "quote")),
        *({**GOOD, name: "x" * 100_000} for name in ("path", "title", "body", "quote", "rule")),
        *({**GOOD, name: "a\ud800b"} for name in ("path", "title", "body", "quote", "suggestion")),
        {**GOOD, "category": "praise"},
        {**GOOD, "side": "BOTH"},
        {**GOOD, "start_line": 0},
        {**GOOD, "title": nested(100_000)},
    ],
)
def test_one_bad_field_refuses_the_whole_reply(item: dict[str, Any]) -> None:
    with pytest.raises(InvalidReply) as caught:
        parse_findings({"findings": [GOOD, item]})
    assert len(str(caught.value)) < 500
    assert "findings.1" in str(caught.value)


def test_deep_nesting_is_refused_without_recursion() -> None:
    for data in (nested(100_000), {"findings": nested(100_000)}, {"findings": [nested(100_000)]}):
        with pytest.raises(InvalidReply):
            parse_findings(data)


def test_a_huge_reply_is_refused_quickly() -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidReply, match="findings"):
        parse_findings({"findings": [GOOD] * 300_000})
    with pytest.raises(InvalidReply):
        parse_findings({f"key {number}": 0 for number in range(50_000)})
    assert time.perf_counter() - started < 3.0


def test_the_message_says_where_and_neither_repeats_values_nor_grows() -> None:
    with pytest.raises(InvalidReply, match=r"findings\.0\.severity") as caught:
        parse_findings({"findings": [{**GOOD, "severity": "canary"}]})
    assert "canary" not in str(caught.value)
    with pytest.raises(InvalidReply) as caught:
        parse_findings({"findings": [], "\x1b[2J" + "y" * 100_000: 1})
    assert len(str(caught.value)) < 400
    assert "\x1b" not in str(caught.value)


# ---- verdicts


def verdict(number: int, **changes: Any) -> dict[str, Any]:
    return {"number": number, "verdict": "confirmed", "reason": "so", **changes}


def test_verdicts_come_in_the_order_of_the_findings() -> None:
    found = parse_verdicts({"verdicts": [verdict(2, verdict="refuted"), verdict(1)]}, 2)
    assert [one.verdict for one in found] == ["confirmed", "refuted"]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [verdict(1)],
        [verdict(1), verdict(1)],
        [verdict(1), verdict(3)],
        [verdict(1), verdict(2), verdict(3)],
        [verdict(1), verdict(2, verdict="unsure")],
        [verdict(1), verdict(2, reason="")],
        [verdict(1), verdict(2, extra=1)],
        [verdict(0), verdict(1)],
    ],
)
def test_a_missing_repeated_or_foreign_verdict_is_an_error(items: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidReply):
        parse_verdicts({"verdicts": items}, 2)


@pytest.mark.parametrize("data", [None, "", {}, {"findings": []}, {"verdicts": None}])
def test_an_unreadable_verification_is_an_error(data: object) -> None:
    with pytest.raises(InvalidReply):
        parse_verdicts(data, 0)


# ---- schemas


def test_the_schemas_are_closed_small_and_the_same_every_time() -> None:
    for schema in (findings_schema(), verdicts_schema()):
        text = json.dumps(schema)
        assert len(text) < 2500
        assert '"title": "' not in text
        closed = [schema, *schema["$defs"].values()]
        assert all(part["additionalProperties"] is False for part in closed)
    assert json.dumps(findings_schema()) == json.dumps(findings_schema())
    fields = findings_schema()["$defs"]["FindingItem"]["properties"]
    assert {"title", "path", "quote"} <= set(fields), "fields named title must survive"


@pytest.mark.threat("T20", layer="validation")
def test_a_million_bad_verdicts_are_refused_at_the_first() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidReply, match=r"verdicts\.0"):
            parse_verdicts({"verdicts": [0] * 1_000_000}, 3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
