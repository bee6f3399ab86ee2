"""A sweep of a later round dies at each of its points, and the next ones come to the same end.

Nothing is said twice and nothing is lost; commands are obeyed once, threads settled once. With
MATRIX_EVERY=1 it is every point; else it is each of 150, other ones in every run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.matrix.judging import undisturbed_in, wrong_when_killed
from tests.matrix.later_scene import later_scene
from tests.matrix.sampling import sample
from tests.matrix.trials import told_of, tried
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(3600)]

CONCERNED = (
    "host query Conversations",
    "host GET /repos/acme/shop/collaborators",
    "host mutation Acknowledge",
    "host mutation Settle",
    "host PUT /repos/acme/shop/pulls/N/reviews/N",
    "ledger obey",
    "ledger gathered",
)
"""Points that only a later round has."""


def wrong_later(root: Path, point: str) -> list[str]:
    with later_scene(root) as here:
        return wrong_when_killed(here, point)


def test_a_sweep_of_a_later_round_that_dies_at_any_point_costs_nothing(
    tmp_path: Path, record: Record
) -> None:
    with later_scene(tmp_path / "undisturbed") as here:
        points = undisturbed_in(here)
    met = {one for one in CONCERNED for point in points if point.startswith(one)}
    assert met == set(CONCERNED)
    chosen = sample(points, 150)
    wrong = tried(tmp_path, chosen, wrong_later)
    assert not wrong, told_of(wrong)
    record("points of a later round at which a sweep was killed", len(chosen))
