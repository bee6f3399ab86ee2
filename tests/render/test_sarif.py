"""Reviews as SARIF, out of a real sweep by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from reviewer_cli.core.remarks import remarks
from reviewer_cli.render.sarif import FINGERPRINT
from tests.building import Repo
from tests.core.making import diff, file_diff, finding


def test_a_sweep_writes_one_document_for_each_review(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "a = 1\n", "b.py": "b = 1\n"})
    repo.commit({"a.py": "a = 1\n\n\ndef f(x=[]):\n    return missing\n"}, branch="bug")
    repo.commit({"b.py": "b = 2\n"}, branch="clean")
    out = tmp_path / "sarif"
    environment = os.environ | {
        "REVIEWER_STATE_DIR": str(tmp_path / "state"),
        "REVIEWER_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = ["sweep", "--repo", str(repo.path), "--engine", "offline", "--sarif", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "reviewer_cli", *command],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    documents = {path.name: json.loads(path.read_text()) for path in out.iterdir()}
    assert len(documents) == 2
    bug = next(run for name, run in documents.items() if "-bug-" in name)
    assert bug["version"] == "2.1.0"
    (run,) = bug["runs"]
    found = {
        (
            one["ruleId"],
            one["level"],
            one["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for one in run["results"]
    }
    assert found == {("ruff-F821", "error", 5), ("ruff-B006", "warning", 4)}
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"ruff-F821", "ruff-B006"}
    assert all(list(one["partialFingerprints"]) == [FINGERPRINT] for one in run["results"])
    clean = next(run for name, run in documents.items() if "-clean-" in name)
    assert clean["runs"][0]["results"] == []


def test_another_rule_for_fingerprints_gets_another_name() -> None:
    """Else who compares uploads takes each finding for a new one, and each old one for mended."""
    found = finding(rule="S101", quote="run( x )", title="Runs what it gets")
    (remark,) = remarks([found], diff(file_diff("@@ -1 +1,2 @@\n a\n+run( x )")))
    assert (FINGERPRINT, remark.fingerprint) == ("reviewer/v2", "d990db9ac5d50fd7")
