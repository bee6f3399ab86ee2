"""A sweep as a GitHub App that dies around its token: the next one has one and does the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.matrix.judging import undisturbed_in, wrong_when_killed
from tests.matrix.sampling import sample
from tests.matrix.scene import Scene, scene
from tests.matrix.trials import told_of, tried
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(600)]
TOKEN = 'token = "${env:HUB_TOKEN}"'
CONCERNED = ("host GET /app/", "host POST /app/", "host GET /installation/", "file installation-")


@contextmanager
def as_an_app(root: Path) -> Iterator[Scene]:
    """The scene for an App that sweeps whatever it may see; nobody minted a token yet."""
    with scene(root) as here:
        app = here.hub.tokens.app("sweeper-app")
        owner = here.hub.world.account("acme")
        here.hub.tokens.install(app, owner, pull_requests="write", contents="read")
        here.token, here.bot = app.private_key, app.bot
        settings = root / "reviewer.toml"
        key = f'app_id = "{app.id}"\nprivate_key = "${{env:HUB_TOKEN}}"'
        told = settings.read_text().replace(TOKEN, key).replace('"acme/shop"', '"*"')
        settings.write_text(told)
        yield here


def wrong_as_an_app(root: Path, point: str) -> list[str]:
    with as_an_app(root) as here:
        return wrong_when_killed(here, point)


def test_a_sweep_that_dies_around_its_token_costs_nothing(tmp_path: Path, record: Record) -> None:
    with as_an_app(tmp_path / "undisturbed") as here:
        points = [one for one in undisturbed_in(here) if one.startswith(CONCERNED)]
    met = {one for one in CONCERNED for point in points if point.startswith(one)}
    assert met == set(CONCERNED)
    chosen = sample(points, 8)
    wrong = tried(tmp_path, chosen, wrong_as_an_app)
    assert not wrong, told_of(wrong)
    record("points around an App's token at which a sweep was killed", len(chosen))
