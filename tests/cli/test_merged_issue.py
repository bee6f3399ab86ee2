"""--merged-issue as a user types it, over the fake GitHub and without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_doctor import signs
from tests.fakes.github import spec
from tests.fakes.github.server import FakeGitHub

pytestmark = spec.needs_graphql

FILE, BAD = {"a.py": "x = 1\n"}, {"a.py": "x = eval(input())\n"}
ASKED = ("sweep", "--merged-since", "36500d", "--merged-issue")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


def settings(cli: Cli, hub: FakeGitHub, more: str = "") -> Path:
    """A reviewer.toml for this server, with the offline engine."""
    path = cli.root / "reviewer.toml"
    path.write_text(
        f'repositories = ["acme/*"]\n[engine]\nname = "offline"\n[github]\n'
        f'api_url = "{hub.api_url}"\ntoken = "${{env:READER}}"\nlists_lag = "0s"\n{more}'
    )
    return path


def tokens(hub: FakeGitHub) -> dict[str, str]:
    """One for everything but issues, and one for them."""
    bot, acme = hub.world.account("sweeper"), hub.world.account("acme", "Organization")
    return {
        "READER": hub.tokens.fine_grained(bot, acme, pull_requests="write", contents="read"),
        "ISSUES": hub.tokens.fine_grained(bot, acme, issues="write"),
    }


@pytest.mark.threat("T24", layer="all layers")
def test_the_issue_is_opened_and_its_credential_found_nowhere(cli: Cli, hub: FakeGitHub) -> None:
    repo = hub.world.repo("acme/shop", FILE, private=True)
    hub.world.merge(hub.world.pull(repo, BAD))
    given = tokens(hub)
    settings(cli, hub, 'issues_token = "${env:ISSUES}"\n')
    rehearsed = cli.run(*ASKED, "--dry-run", **given)
    assert (rehearsed.code, hub.world.tables.issues) == (0, {})
    done = cli.run(*ASKED, "--verbose", **given)
    assert done.code == 0, done.err
    (issue,) = hub.world.tables.issues.values()
    assert "eval" in (issue.body or "")
    assert given["ISSUES"] not in done.out + done.err + (issue.body or "")
    ours = [path for path in cli.root.rglob("*") if path.is_file() and "hub" not in path.parts]
    for path in ours:
        assert given["ISSUES"].encode() not in path.read_bytes(), path
    headers = {one.path: one.request_headers.get("authorization", "") for one in hub.log}
    assert given["ISSUES"] in headers["/repos/acme/shop/issues"]
    assert not any(given["ISSUES"] in sent for path, sent in headers.items() if "/pulls" in path)


def test_what_it_cannot_be_kept_without_is_said_before_anything_is_asked(
    cli: Cli, hub: FakeGitHub
) -> None:
    settings(cli, hub)
    given = tokens(hub)
    without = cli.run(*ASKED, **given)
    assert without.code == 78
    assert "github.issues_token" in without.err
    alone = cli.run("sweep", "--merged-issue", **given)
    assert alone.code == 2
    assert "--merged-since 7d" in alone.err
    local = cli.run(*ASKED, "--repo", str(cli.repo.path), **given)
    assert local.code == 2
    assert "is a repository on this machine, which has none" in local.err
    assert hub.log == []


def test_the_doctor_looks_at_the_credential(cli: Cli, hub: FakeGitHub) -> None:
    hub.world.repo("acme/shop", FILE, private=True)
    given = tokens(hub)
    settings(cli, hub, 'issues_token = "${env:ISSUES}"\n')
    good = cli.run("doctor", "--json", **given)
    assert signs(good)["github.issues_token"][0]["health"] == "green"
    assert "has issues: write cannot be known by reading" in good.out
    bad = cli.run("doctor", "--json", **(given | {"ISSUES": given["READER"]}))
    assert bad.code == 77
    assert "lacks issues: read" in bad.out
