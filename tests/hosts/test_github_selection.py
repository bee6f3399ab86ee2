"""Which repositories a selector means."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli import wiring
from reviewer_cli.config.load import Loaded
from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import HostUnavailable, UsageError
from reviewer_cli.hosts.github.selection import SelectionRules
from tests.fakes.github import faults, spec
from tests.fakes.github.server import FakeGitHub
from tests.hosts.github_desk import RIGHTS, Desk

pytestmark = spec.needs_graphql
FILE = {"a.py": "a = 1\n"}


def chosen(desk: Desk, *selectors: str) -> list[str]:
    with closing(desk.host()) as host:
        return host.repositories(selectors)


@pytest.fixture
def world(desk: Desk, hub: FakeGitHub) -> FakeGitHub:
    """Repositories of every sort, of an organisation and of a person."""
    made = hub.world
    made.account("ada")
    for name in ("acme/Shop", "acme/shop-docs", "acme/old", "acme/tools", "ada/toys"):
        made.repo(name, FILE)
    made.fork(made.tables.repo("ada", "toys"), made.account("acme"))  # type: ignore[arg-type]
    made.change(made.tables.repo("acme", "old"), archived=True)  # type: ignore[arg-type]
    made.change(made.tables.repo("acme", "tools"), topics=("review-me", "x"))  # type: ignore[arg-type]
    return hub


@pytest.mark.parametrize(
    ("selectors", "names"),
    [
        (["acme/shop"], ["acme/shop"]),
        (["acme/old"], ["acme/old"]),
        (["acme/*"], ["acme/Shop", "acme/shop-docs", "acme/tools", "acme/toys"]),
        (["ACME/SHOP*"], ["acme/Shop", "acme/shop-docs"]),
        (["acme/[sx]?o*"], ["acme/Shop", "acme/shop-docs"]),
        (["ada/*"], ["ada/toys"]),
        (["acme/SHOP", "acme/shop*", "Acme/Shop"], ["acme/SHOP", "acme/shop-docs"]),
        (["acme/nothing-*"], []),
        (["ghost/*"], ["ghost/*"]),
    ],
    ids=" ".join,
)
def test_names_and_patterns(
    desk: Desk, world: FakeGitHub, selectors: list[str], names: list[str]
) -> None:
    assert chosen(desk, *selectors) == names


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        (SelectionRules(archived=True), ["Shop", "shop-docs", "old", "tools", "toys"]),
        (SelectionRules(forks=False), ["Shop", "shop-docs", "tools"]),
        (SelectionRules(topics=("Review-Me", "other")), ["tools"]),
        (SelectionRules(exclude=("ACME/shop*", "*/toys")), ["tools"]),
    ],
    ids=["archived", "forks", "topics", "exclude"],
)
def test_rules_narrow_what_a_pattern_means(
    desk: Desk, world: FakeGitHub, rules: SelectionRules, names: list[str]
) -> None:
    desk.rules = rules
    assert chosen(desk, "acme/*") == [f"acme/{name}" for name in names]
    everything = world.tokens.app("all")
    world.tokens.install(everything, world.world.account("acme"), **RIGHTS)
    repo = world.world.tables.repo("acme", "Shop")
    assert repo is not None
    desk.token = world.tokens.classic(world.world.account("acme"), "repo")
    assert chosen(desk, "*") == [f"acme/{name}" for name in names], "the same rules for everything"


def test_a_repository_named_in_full_is_never_left_out(desk: Desk, world: FakeGitHub) -> None:
    desk.rules = SelectionRules(exclude=("*",), topics=("none",))
    assert chosen(desk, "acme/tools", "acme/*") == ["acme/tools"]


def test_everything_is_what_the_token_of_a_workflow_was_given(
    desk: Desk, world: FakeGitHub
) -> None:
    repo = world.world.tables.repo("acme", "tools")
    assert repo is not None
    desk.token = world.tokens.actions(repo, **RIGHTS)
    assert chosen(desk, "*") == ["acme/tools"]


def test_owners_with_more_repositories_than_a_page_are_listed_whole(
    desk: Desk, hub: FakeGitHub
) -> None:
    first = hub.world.repo("acme/r0", FILE)
    more = [replace(first, id=hub.world.new_id(), name=f"r{n}") for n in range(1, 205)]
    hub.world.save(*more)
    assert len(chosen(desk, "acme/*")) == 205
    desk.token = hub.tokens.classic(hub.world.account("acme"), "repo")
    assert len(chosen(desk, "*")) == 205


def test_an_owner_that_does_not_exist_is_named_and_the_others_go_on(
    desk: Desk, world: FakeGitHub
) -> None:
    report = desk.sweep("ghost/*", "acme/*")
    assert [one.reason for one in report.failures] == [
        "ghost/* does not exist or is hidden from this credential; "
        "check its name and the repositories that the credential may see."
    ]


def test_a_list_that_fails_is_no_missing_owner(desk: Desk, world: FakeGitHub) -> None:
    error = {"type": "SERVICE_UNAVAILABLE", "message": "Try later.", "path": ["repositoryOwner"]}
    answer = {"data": {"repositoryOwner": None}, "errors": [error]}
    world.fail("POST", "/graphql", faults.answer(200, answer))
    with pytest.raises(HostUnavailable, match="Try later"):
        chosen(desk, "acme/*")


@pytest.mark.parametrize("selector", ["acme", "acme/", "/shop", "a/b/c", "a*/shop", "*/*"])
def test_what_names_no_repository_is_a_usage_error(
    desk: Desk, hub: FakeGitHub, selector: str
) -> None:
    with pytest.raises(UsageError, match="names no repository"):
        chosen(desk, selector)


def test_an_existing_path_is_preferred_to_a_name_on_github(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme" / "shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    loaded = Loaded(settings=Settings(), path=None)
    assert wiring.plan(loaded, ["acme/shop", "acme/other", "acme/*", "*"]).selectors == {
        "local": ("acme/shop",),
        "github.com": ("acme/other", "acme/*", "*"),
    }
