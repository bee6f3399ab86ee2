"""What breaks a rule in a later push is told by itself, although the file broke it before."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.jail.command import Launcher
from tests.fakes.github import spec
from tests.fakes.github_stage import github_stage
from tests.sweep.conversing import comments, dispositions, later

pytestmark = spec.needs_graphql

ONE, OTHER = ("gh" + "p_" + sha256(name).hexdigest()[:36] for name in (b"one", b"other"))


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("def f():\n    return one\n", "\n\ndef g():\n    return two\n", 6),
        (f'ONE = "{ONE}"\n', f'\n\nTWO = "{OTHER}"\n', 4),
        ("ONE = 1  # a\u202eb\n", "\n\nTWO = 2  # c\u202ed\n", 4),
    ],
    ids=["ruff", "secrets", "invisible"],
)
def test_a_later_push_that_breaks_the_same_rule_is_told(
    tmp_path: Path, before: str, after: str, line: int
) -> None:
    with github_stage(tmp_path) as stage:
        stage.engine = OfflineEngine(Launcher())
        pull = stage.hub.world.pull(stage.shop, {"new.py": before})
        later(stage)
        assert len(comments(stage, pull)) == 1
        pull = stage.hub.world.push(pull, {"new.py": before + after})
        later(stage)
        assert [one.line for one in comments(stage, pull)][1:] == [line]
        assert sorted(dispositions(stage, pull).values()) == ["kept", "repeated"]
