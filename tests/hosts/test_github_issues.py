"""Issues that are kept up to date on the fake GitHub, by the rules of `ports/issues.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.marker import carries_issue_marker, issue_marker
from reviewer_cli.errors import AccessRefused, HeadError, HostUnavailable, PostingForbidden
from reviewer_cli.hosts.github.faults import NotFound, OutcomeUnknown, Unprocessable
from reviewer_cli.ports.issues import Filed, Issue, IssueBoard
from tests.fakes.github import faults, issues, spec
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github.rows import Issue as Row
from tests.fakes.github_stage import SECRET, GitHubStage, github_stage

pytestmark = spec.needs_graphql

ISSUES = "/repos/*/*/issues"
SHOP = "acme/shop"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        made.hub.world.change(made.shop, private=True)
        made.issues_token = made.hub.tokens.fine_grained(made.bot, made.shop.owner, issues="write")
        yield made


@pytest.fixture
def board(stage: GitHubStage) -> Iterator[IssueBoard]:
    made = stage.board(longest_wait_s=0.0)
    yield made
    made.close()


def issue(body: str = "All is well.", kind: str = "digest") -> Issue:
    return Issue(kind=kind, title="The week", body=body)


def rows(stage: GitHubStage) -> list[Row]:
    return stage.hub.world.tables.issues_of(stage.shop)


def found(board: IssueBoard, kind: str = "digest") -> Filed:
    filed = board.find(SHOP, kind)
    assert filed is not None
    return filed


def test_what_is_opened_is_found_by_its_kind_and_edited_in_place(
    stage: GitHubStage, board: IssueBoard
) -> None:
    assert board.find(SHOP, "digest") is None
    board.open(SHOP, issue())
    board.open(SHOP, issue("Other words.", kind="merged"))
    assert board.find(SHOP, "dig") is None
    filed = found(board)
    board.edit(SHOP, filed, issue("Less well."))
    assert [one.title for one in rows(stage)] == ["The week", "The week"]
    assert found(board).number == filed.number
    assert found(board).body.startswith("Less well.\n\n<!-- reviewer:v1 issue=digest sig=")
    assert found(board, "merged").body.startswith("Other words.")


def test_an_edit_that_changes_nothing_is_not_sent(stage: GitHubStage, board: IssueBoard) -> None:
    board.open(SHOP, issue())
    board.edit(SHOP, found(board), issue())
    assert stage.hub.exchanges("PATCH", f"{ISSUES}/*") == []


def test_a_closed_one_is_found_and_pull_requests_are_none(
    stage: GitHubStage, board: IssueBoard
) -> None:
    body = f"Hi\n\n{issue_marker(stage.server.name, 'digest', SECRET)}"
    stage.pull(author=stage.bot, body=body)
    assert board.find(SHOP, "digest") is None
    board.open(SHOP, issue())
    (row,) = rows(stage)
    issues.edit(stage.hub.world, row, state="closed")
    assert found(board).number == row.number == 2


def test_the_issue_of_a_busy_account_is_found_behind_many_others(
    stage: GitHubStage, board: IssueBoard
) -> None:
    board.open(SHOP, issue())
    for number in range(120):
        issues.create(stage.hub.world, stage.shop, stage.bot, f"Chore {number}", "Do it.")
    stage.hub.log.clear()
    assert found(board).number == 1
    assert len(stage.hub.exchanges("GET", ISSUES)) == 2


def everybodys(asked: Request, handle: faults.Handler) -> Outcome:
    """A server that lists the issues of all accounts, whoever was asked for."""
    query = {name: value for name, value in asked.query.items() if name != "creator"}
    return handle(replace(asked, query=query))


def test_a_marker_of_somebody_else_or_of_another_secret_is_none(
    stage: GitHubStage, board: IssueBoard
) -> None:
    world, name = stage.hub.world, stage.server.name
    copied = issue_marker(name, "digest", SECRET)
    issues.create(world, stage.shop, world.account("eve"), "x", copied)
    issues.create(world, stage.shop, stage.bot, "x", issue_marker(name, "digest", b"other"))
    issues.create(world, stage.shop, stage.bot, "x", issue_marker("github.com", "digest", SECRET))
    issues.create(world, stage.shop, stage.bot, "x", None)
    assert board.find(SHOP, "digest") is None
    stage.hub.fail("GET", ISSUES, everybodys)
    assert board.find(SHOP, "digest") is None
    assert not carries_issue_marker(copied[:-10], name, "digest", SECRET)


@pytest.mark.parametrize("fault", [faults.bad_gateway_after, faults.dropped_after])
def test_an_opening_is_never_repeated_by_itself(
    stage: GitHubStage, board: IssueBoard, fault: faults.Fault
) -> None:
    stage.hub.fail("POST", ISSUES, fault)
    with pytest.raises(OutcomeUnknown, match="next sweep looks"):
        board.open(SHOP, issue())
    assert len(rows(stage)) == 1
    assert found(board).number == 1


@pytest.mark.parametrize("fault", [faults.bad_gateway_after, faults.bad_gateway_before])
def test_an_edit_is_repeated_at_no_harm(
    stage: GitHubStage, board: IssueBoard, fault: faults.Fault
) -> None:
    board.open(SHOP, issue())
    stage.hub.fail("PATCH", f"{ISSUES}/*", fault)
    board.edit(SHOP, found(board), issue("New."))
    assert found(board).body.startswith("New.")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.answer(410, {"message": "Issues are disabled for this repo"}), HeadError),
        (faults.answer(404, {"message": "Not Found"}), HeadError),
        (faults.answer(201, {}), OutcomeUnknown),
        (faults.answer(403, {"message": "Resource not accessible"}), PostingForbidden),
        (faults.answer(422, {"message": "body is too long"}), Unprocessable),
        (faults.revoked, AccessRefused),
    ],
)
def test_what_github_refuses_is_an_error_of_ours(
    stage: GitHubStage, board: IssueBoard, fault: faults.Fault, error: type[Exception]
) -> None:
    stage.hub.fail("POST", ISSUES, fault)
    with pytest.raises(error):
        board.open(SHOP, issue())
    assert rows(stage) == []


def test_one_that_is_gone_and_a_server_that_is_away_are_told_apart(
    stage: GitHubStage, board: IssueBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        board.edit(SHOP, Filed(number=99, body=""), issue())
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)
    stage.hub.fail("GET", ISSUES, faults.bad_gateway_before, times=99)
    with pytest.raises(HostUnavailable):
        board.find(SHOP, "digest")


def test_the_longest_body_is_taken(stage: GitHubStage, board: IssueBoard) -> None:
    board.open(SHOP, issue("x" * board.body_chars, kind="k" * 40))
    assert len(rows(stage)) == 1


@pytest.mark.parametrize(
    ("permissions", "role", "said"),
    [
        ({"issues": "write"}, "write", ""),
        ({"pull_requests": "write", "contents": "read"}, "write", "lacks issues: read"),
        ({"issues": "write", "contents": "write"}, "write", r"\(contents: write\)"),
        ({"issues": "write", "administration": "read"}, "admin", r"\(administration\)"),
    ],
)
def test_the_credential_is_compared_with_issues_alone(
    stage: GitHubStage, permissions: dict[str, str], role: str, said: str
) -> None:
    world, person = stage.hub.world, stage.hub.world.account("maintainer")
    world.grant(stage.shop, person, role)
    stage.issues_token = stage.hub.tokens.fine_grained(person, stage.shop.owner, **permissions)
    board = stage.board()
    (sign,) = board.examine(SHOP)
    if said:
        with pytest.raises(AccessRefused, match=said):
            board.check([SHOP])
        assert sign.exit_code == 77
        assert "issues: write and nothing more" in sign.said
    else:
        board.check([SHOP])
        assert "issues: write cannot be known by reading" in sign.said
    board.close()


def test_a_classic_token_that_only_sees_public_repositories_will_do(stage: GitHubStage) -> None:
    stage.hub.world.change(stage.shop, private=False)
    stage.hub.world.grant(stage.shop, stage.bot, "read")
    stage.issues_token = stage.hub.tokens.classic(stage.bot, "public_repo")
    board = stage.board()
    board.check([SHOP])
    board.open(SHOP, issue())
    assert len(rows(stage)) == 1
    board.close()
