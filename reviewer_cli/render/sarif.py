"""A review as SARIF 2.1.0 (OASIS), for tools that show findings beside the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from reviewer_cli import __version__
from reviewer_cli.core.models import Severity
from reviewer_cli.core.sanitise import visible
from reviewer_cli.ledger.views import FindingRecord, HeadHistory

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "reviewer/v2"
"""The rule of core/remarks.py. Another rule gets another number, as SARIF's versioned names are
meant: a reader compares only what was made alike."""

LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}


def sarif(history: HeadHistory) -> str:
    """One run with the posted findings that stand in the head's own files.

    What speaks of removed lines has no place in SARIF's view of one commit and is left out.
    """
    kept = [one for one in history.findings if one.disposition == "kept" and one.side == "RIGHT"]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "reviewer",
                "version": __version__,
                "rules": [{"id": rule} for rule in sorted({_rule(one) for one in kept})],
            }
        },
        "results": [_result(one) for one in kept],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def file_name(history: HeadHistory) -> str:
    """A name that tells the repository, the pull request and the commit."""
    key = history.head.key
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{key.repo}-{key.pull}").strip("-.")[-120:]
    return f"{readable}-{key.sha[:12]}.sarif"


def documents(reviews: Iterable[HeadHistory]) -> dict[str, str]:
    """File name → document, one for each review."""
    return {file_name(one): sarif(one) for one in reviews}


def _rule(finding: FindingRecord) -> str:
    return visible(finding.rule or finding.category)


def _uri(path: str) -> str:
    """A relative path, whatever address an engine named."""
    return quote(path, errors="replace").lstrip("/")


def _without_links(text: str) -> str:
    """Even a plain message may hold `[text](address)`, see SARIF 2.1.0, 3.11.6."""
    return text.replace("](", "] (")


def _result(finding: FindingRecord) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path)}}
    if finding.placement == "line":
        start, end = finding.start_line or finding.line, finding.line
        place["region"] = {"startLine": start, "endLine": end}
    return {
        "ruleId": _rule(finding),
        "level": LEVEL[finding.severity],
        "message": {"text": _without_links(visible(f"{finding.title}\n\n{finding.body}"))},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
