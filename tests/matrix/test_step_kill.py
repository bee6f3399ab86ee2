"""The step-kill matrix: the real program dies at each point of a sweep, and nothing comes of it.

Each head is posted exactly once, no answer that was saved is paid for again, and nothing is left
behind. MATRIX_EVERY=1 tries every point; else it is each fortieth, other ones in every run.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.matrix.judging import undisturbed, wrong_after
from tests.matrix.sampling import SEED, sample
from tests.matrix.trials import told_of, tried
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(3600)]


def test_a_sweep_that_dies_at_any_point_costs_nothing(tmp_path: Path, record: Record) -> None:
    points = undisturbed(tmp_path / "undisturbed")
    assert len(set(points)) == len(points)
    chosen = sample(points, 40)
    wrong = tried(tmp_path, chosen, wrong_after)
    assert not wrong, told_of(wrong)
    record("points of a sweep at which it was killed", len(chosen))


def test_the_sweep_that_follows_may_die_as_well(tmp_path: Path, record: Record) -> None:
    points = undisturbed(tmp_path / "undisturbed")
    dice = random.Random(SEED)  # noqa: S311 - told, so that it can be repeated
    pairs = {point: dice.choice(points) for point in sample(points, 160)}

    def twice(root: Path, point: str) -> list[str]:
        return wrong_after(root, point, again_at=pairs[point])

    wrong = tried(tmp_path, list(pairs), twice)
    assert not wrong, told_of({f"{one}, then {pairs[one]}": what for one, what in wrong.items()})
    record("pairs of points at which a sweep and the next one were killed", len(pairs))
