"""The poll: every open head found, whatever one repository, one page or one question does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from reviewer_cli.core.select import SkipRules
from reviewer_cli.errors import AccessRefused, HostUnavailable, ProviderWait
from reviewer_cli.hosts.github.poll import TOGETHER
from reviewer_cli.ports.host import RepositoryPoll
from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request, Response
from tests.fakes.github.rows import Pull, Repo
from tests.fakes.github.server import FakeGitHub
from tests.hosts.github_desk import Desk

pytestmark = spec.needs_graphql
FILE = {"a.py": "a = 1\n"}


def change(number: int = 2) -> dict[str, str]:
    return {"a.py": f"a = {number}\n"}


def tips(desk: Desk, *repos: str) -> dict[str, RepositoryPoll]:
    with closing(desk.host()) as host:
        return {one.repo: one for one in host.open_tips(repos)}


def queries(hub: FakeGitHub, name: str) -> int:
    """How many GraphQL queries of that name were asked."""
    asked = [json.loads(one.request_body)["query"] for one in hub.exchanges("POST", "/graphql")]
    return sum(one.lstrip().startswith(f"query {name}") for one in asked)


def when(wanted: Callable[[dict[str, Any]], bool], fault: Fault) -> Fault:
    """The fault for those GraphQL requests only whose body is wanted."""

    def chosen(request: Request, handle: Handler) -> Outcome:
        return fault(request, handle) if wanted(request.json()) else handle(request)

    return chosen


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)


def test_many_repositories_are_asked_about_in_few_questions(desk: Desk, hub: FakeGitHub) -> None:
    repos = [hub.world.repo(f"acme/r{n}", FILE) for n in range(TOGETHER + 1)]
    pulls = [hub.world.pull(repo, change()) for repo in repos[::10]]
    found = tips(desk, *(repo.full_name for repo in repos))
    heads = {tip.key.sha for one in found.values() for tip in one.tips}
    assert heads == {pull.head_sha for pull in pulls}
    assert len(found) == TOGETHER + 1
    assert (queries(hub, "Tips"), len(hub.log), hub.counters.points) == (2, 2, 2)


def test_more_than_a_hundred_open_pull_requests_are_all_found(desk: Desk, hub: FakeGitHub) -> None:
    repo = hub.world.repo("acme/busy", FILE)
    pulls = [hub.world.pull(repo, change(n)) for n in range(205)]
    # Closing one of the first page while the second is fetched must not hide its neighbour.
    closing_one = faults.then(lambda: hub.world.close(pulls[3]))
    hub.fail("POST", "/graphql", closing_one)
    found = tips(desk, "acme/busy")["acme/busy"]
    assert {tip.key.pull for tip in found.tips} == {str(pull.number) for pull in pulls}
    assert queries(hub, "MoreTips") == 2


def test_each_repository_that_fails_is_named_and_the_others_go_on(
    desk: Desk, hub: FakeGitHub
) -> None:
    world = hub.world
    good = world.repo("acme/good", FILE)
    pull = world.pull(good, change())
    world.change(world.repo("acme/archived", FILE), archived=True)
    world.change(world.repo("acme/sso", FILE), sso=True)
    world.repo("other/private", FILE, private=True)
    gone = world.repo("acme/gone", FILE)
    world.delete(gone)
    world.repo("acme/empty")
    names = ("archived", "sso", "gone", "empty", "good")
    report = desk.sweep(*(f"acme/{name}" for name in names), "other/private")
    said = {one.repo: one.reason for one in report.failures}
    assert said["acme/archived"].startswith("acme/archived is archived")
    assert "SAML" in said["acme/sso"]
    assert said["acme/gone"].startswith("acme/gone does not exist or is hidden")
    assert said["other/private"].startswith("other/private does not exist or is hidden")
    assert len(said) == 4
    assert desk.reviews() == {(pull.id, pull.head_sha): 1}
    assert report.exit_code == 3


def test_a_sweep_that_sees_no_repository_at_all_is_refused_access(
    desk: Desk, hub: FakeGitHub
) -> None:
    report = desk.sweep("acme/gone", "acme/lost")
    assert isinstance(report.error, AccessRefused)
    assert report.exit_code == 77
    assert "acme/gone does not exist" in str(report.error)


def test_a_sweep_of_one_archived_repository_does_not_blame_the_credential(
    desk: Desk, hub: FakeGitHub
) -> None:
    hub.world.change(hub.world.repo("acme/old", FILE), archived=True)
    report = desk.sweep("acme/old")
    assert (report.error, report.exit_code) == (None, 1)
    assert [one.repo for one in report.failures] == ["acme/old"]


def test_a_renamed_repository_is_not_reviewed_twice_and_its_old_rows_retire(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = hub.world.repo("acme/before", FILE)
    done = hub.world.pull(repo, change(2))
    desk.sweep("acme/before")
    waiting = hub.world.pull(repo, change(3))
    desk.plan = {"limit": 1}
    hub.world.pull(repo, change(4))
    desk.sweep("acme/before")
    hub.world.rename(repo, "acme/after")
    desk.plan = {}
    report = desk.sweep("acme/before", "acme/after", "ACME/Before")
    assert report.counts.polled == 3
    assert report.counts.superseded == 1
    assert set(desk.reviews().values()) == {1}
    assert {(one.id, one.head_sha) for one in (done, waiting)} <= set(desk.reviews())
    assert len(desk.reviews()) == 3
    assert desk.sweep("acme/before").is_quiet


def test_a_saved_review_is_posted_once_although_its_repository_was_renamed_meanwhile(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = hub.world.repo("acme/before", FILE)
    pull = hub.world.pull(repo, change())
    desk.plan = {"first_retry_s": 0.0}
    hub.fail("POST", "/repos/*/*/pulls/*/reviews", faults.bad_gateway_before)
    assert desk.sweep("acme/before").counts.retried == 1
    hub.world.rename(repo, "acme/after")
    for _ in range(2):
        desk.sweep("acme/before", "acme/after")
        assert desk.reviews() == {(pull.id, pull.head_sha): 1}
    assert desk.sweep("acme/before").is_quiet


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("status", [502, 504])
def test_a_question_that_is_too_large_is_asked_in_halves(
    desk: Desk, hub: FakeGitHub, status: int
) -> None:
    repos = [hub.world.repo(f"acme/r{n}", FILE) for n in range(8)]
    pulls = {hub.world.pull(repo, change()).head_sha for repo in repos}
    large = when(lambda body: "o2" in body["variables"], faults.answer(status, {"message": "?"}))
    hub.fail("POST", "/graphql", large, times=100)
    found = tips(desk, *(repo.full_name for repo in repos))
    assert {tip.key.sha for one in found.values() for tip in one.tips} == pulls


@pytest.mark.usefixtures("_impatient")
def test_a_repository_that_breaks_every_question_is_named_and_the_others_go_on(
    desk: Desk, hub: FakeGitHub
) -> None:
    repos = [hub.world.repo(f"acme/r{n}", FILE) for n in range(5)]
    pulls = {hub.world.pull(repo, change()).head_sha for repo in repos}
    with_r0 = when(
        lambda body: "r0" in body["variables"].values(), faults.answer(502, {"message": "?"})
    )
    hub.fail("POST", "/graphql", with_r0, times=100)
    found = tips(desk, *(repo.full_name for repo in repos))
    assert "could not be polled" in (found["acme/r0"].error or "")
    assert len({tip.key.sha for one in found.values() for tip in one.tips}) == len(pulls) - 1


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_answers_nothing_ends_the_poll_at_once(desk: Desk, hub: FakeGitHub) -> None:
    repos = [hub.world.repo(f"acme/r{n}", FILE) for n in range(8)]
    hub.fail("POST", "/graphql", faults.bad_gateway_before, times=1000)
    report = desk.sweep(*(repo.full_name for repo in repos))
    assert isinstance(report.error, HostUnavailable)
    assert queries(hub, "Tips") <= 3
    assert report.exit_code == 75


def half(kind: str | None, path: list[str] | None) -> Fault:
    """The right answer with a hole: one alias is null, and an error says so."""

    def holed(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        assert isinstance(response, Response)
        answer = json.loads(response.body)
        error: dict[str, Any] = {"message": "Something went wrong."}
        if kind:
            error["type"] = kind
        if path:
            error["path"] = path
            answer["data"][path[0]] = None
        else:
            answer["data"] = None
        return Response.of(200, answer | {"errors": [error]})

    return holed


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "hole",
    [half("RESOURCE_LIMITS_EXCEEDED", ["r1", "pullRequests"]), half(None, None)],
    ids=["partial", "nothing"],
)
def test_partial_data_is_asked_for_again(desk: Desk, hub: FakeGitHub, hole: Fault) -> None:
    repos = [hub.world.repo(f"acme/r{n}", FILE) for n in range(3)]
    pulls = {hub.world.pull(repo, change()).head_sha for repo in repos}
    hub.fail("POST", "/graphql", hole)
    found = tips(desk, *(repo.full_name for repo in repos))
    assert {tip.key.sha for one in found.values() for tip in one.tips} == pulls


@pytest.mark.usefixtures("_impatient")
def test_a_missing_page_never_makes_the_other_heads_look_closed(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = hub.world.repo("acme/busy", FILE)
    for number in range(101):
        hub.world.pull(repo, change(number))
    good = hub.world.pull(hub.world.repo("acme/good", FILE), change())
    second_page = when(lambda body: "id" in body["variables"], faults.bad_gateway_before)
    hub.fail("POST", "/graphql", second_page, times=100)
    report = desk.sweep("acme/busy", "acme/good")
    assert [one.repo for one in report.failures] == ["acme/busy"]
    assert desk.reviews() == {(good.id, good.head_sha): 1}


def test_a_list_with_a_hole_in_it_is_no_list(desk: Desk, hub: FakeGitHub) -> None:
    repo = hub.world.repo("acme/shop", FILE)
    hub.world.pull(repo, change())

    def holed(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        assert isinstance(response, Response)
        answer = json.loads(response.body)
        answer["data"]["r0"]["pullRequests"]["nodes"].append(None)
        return Response.of(200, answer)

    hub.fail("POST", "/graphql", holed)
    assert "left pull requests out" in (tips(desk, "acme/shop")["acme/shop"].error or "")


def test_the_sweep_stops_before_the_points_are_used_up(desk: Desk, hub: FakeGitHub) -> None:
    hub.limits.limits["graphql"] = 2
    names = [hub.world.repo(f"acme/r{n}", FILE).full_name for n in range(3 * TOGETHER)]
    report = desk.sweep(*names)
    assert isinstance(report.error, ProviderWait)
    assert report.exit_code == 75
    wait = report.error.retry_after or 0.0
    assert 3000 < wait < 4000
    assert queries(hub, "Tips") == 2, "the third question was never asked"


def test_a_draft_that_becomes_ready_without_a_push_is_reviewed(desk: Desk, hub: FakeGitHub) -> None:
    repo = hub.world.repo("acme/shop", FILE)
    draft = hub.world.pull(repo, change(), draft=True)
    assert desk.sweep("acme/shop").ended[0].state is State.SKIPPED
    assert desk.sweep("acme/shop").is_quiet
    hub.world.edit(draft, draft=False)
    desk.sweep("acme/shop")
    assert desk.reviews() == {(draft.id, draft.head_sha): 1}


def test_a_posted_head_costs_no_question_of_its_own_until_something_changes_about_it(
    desk: Desk, hub: FakeGitHub
) -> None:
    """Then one question tells what changed, for many at once; the review itself is a change."""
    repo = hub.world.repo("acme/shop", FILE)
    pull = hub.world.pull(repo, change())
    desk.sweep("acme/shop")
    assert questions(desk, hub) == 2
    assert questions(desk, hub) == 1
    hub.world.edit(pull, title="Another", labels=("bug",))
    hub.world.comment(pull, hub.world.account("ada"), "Please look again.")
    assert questions(desk, hub) == 2
    assert questions(desk, hub) == 1


def questions(desk: Desk, hub: FakeGitHub) -> int:
    """How much a quiet sweep asks."""
    before = len(hub.log)
    assert desk.sweep("acme/shop").is_quiet
    return len(hub.log) - before


class Story:
    """Random things that people do to three repositories between sweeps."""

    def __init__(self, hub: FakeGitHub, dice: random.Random) -> None:
        self.world, self.dice = hub.world, dice
        self.names = [f"acme/r{n}" for n in range(3)]
        self.repos: list[Repo] = [self.world.repo(name, FILE) for name in self.names]
        self.count = 2

    def pulls(self, *states: str) -> list[Pull]:
        return [one for one in self.world.tables.pulls.values() if one.state in states]

    def act(self) -> None:
        """One random step; what is not possible now is passed over."""
        self.count += 1
        some, world, dice = self.pulls("open"), self.world, self.dice
        pull = dice.choice(some) if some else None
        closed = self.pulls("closed")
        verbs: list[Callable[[], object]] = [
            lambda: world.pull(
                dice.choice(self.repos), change(self.count), draft=dice.random() < 0.3
            ),
            lambda: world.reopen(dice.choice(closed)) if closed else None,
            lambda: world.rename(
                dice.choice(self.repos), f"acme/renamed-{self.count}-{dice.randrange(9)}"
            ),
        ]
        if pull is not None:
            verbs += [
                lambda: world.push(pull, change(self.count)),
                lambda: world.force_push(pull, change(self.count)),
                lambda: world.close(pull),
                lambda: world.edit(pull, draft=not pull.draft),
                lambda: world.edit(pull, labels=() if pull.labels else ("hold",)),
                lambda: world.comment(pull, world.account("ada"), "Hm."),
            ]
        dice.choice(verbs)()

    def wanted(self) -> set[tuple[int, str]]:
        """The open heads that no rule skips."""
        return {
            (one.id, one.head_sha) for one in self.pulls("open") if not (one.draft or one.labels)
        }


@pytest.mark.parametrize("seed", range(4))
def test_after_a_quiet_sweep_every_open_head_that_no_rule_skips_is_posted_once(
    desk: Desk, hub: FakeGitHub, seed: int
) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - repeatable dice
    desk.plan = {"rules": SkipRules(labels=("hold",))}
    for _ in range(8):
        for _ in range(8):
            story.act()
        report = desk.sweep(*story.names)
        assert (report.error, report.failures) == (None, ())
        reviews = desk.reviews()
        assert set(reviews.values()) <= {1}
        assert story.wanted() <= set(reviews)
        assert desk.sweep(*story.names).is_quiet, "nothing happened since the last sweep"
