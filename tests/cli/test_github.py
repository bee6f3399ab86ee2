"""The real command line over the fake GitHub, as a schedule starts it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ended
from tests.fakes.github import spec
from tests.fakes.github.rows import Pull
from tests.fakes.github.server import FakeGitHub

pytestmark = spec.needs_graphql
BAD = {"a.py": "x = eval(input())\n"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


@pytest.fixture
def token(hub: FakeGitHub) -> str:
    """Of an account that may review what acme owns."""
    bot, acme = hub.world.account("sweeper"), hub.world.account("acme", "Organization")
    return hub.tokens.fine_grained(bot, acme, pull_requests="write", contents="read")


@pytest.fixture
def settings(cli: Cli, hub: FakeGitHub) -> Path:
    """A reviewer.toml for this server, with the offline engine."""
    path = cli.root / "reviewer.toml"
    path.write_text(
        f'repositories = ["acme/*"]\n[engine]\nname = "offline"\n'
        f'[github]\napi_url = "{hub.api_url}"\ntoken = "${{env:CANARY}}"\nlists_lag = "0s"\n'
    )
    return path


def swept(cli: Cli, token: str, *args: str) -> Ended:
    return cli.run(*args, CANARY=token)


def reviewed(hub: FakeGitHub) -> list[int]:
    rows = hub.world.tables.reviews.values()
    return sorted(row.pull_id for row in rows if row.state != "PENDING")


@pytest.mark.threat("T24", layer="all layers")
@pytest.mark.usefixtures("settings")
def test_the_token_is_found_nowhere_after_a_sweep(
    cli: Cli, hub: FakeGitHub, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = hub.world.repo("acme/shop", {"a.py": "x = 1\n"}, private=True)
    pull = hub.world.pull(repo, BAD)
    arguments = cli.root / "arguments"
    wrapper = cli.root / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> {arguments}\nexec {shutil.which("git")} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{cli.environment['PATH']}")
    done = swept(cli, token, "sweep", "--verbose")
    assert (done.code, reviewed(hub)) == (0, [pull.id])
    assert "fetch" in arguments.read_text()
    assert token not in done.out + done.err
    ours = [path for path in cli.root.rglob("*") if path.is_file() and "hub" not in path.parts]
    assert {"ledger.db", "config", "arguments"} <= {path.name for path in ours}
    encoded = hub.exchanges("GET", "/acme/**")[0].request_headers["authorization"].split()[1]
    for path in ours:
        content = path.read_bytes()
        assert token.encode() not in content, path
        assert encoded.encode() not in content, path


@pytest.mark.usefixtures("settings")
def test_one_pull_request_is_rehearsed_reviewed_and_found_again(
    cli: Cli, hub: FakeGitHub, token: str
) -> None:
    repo = hub.world.repo("acme/shop", {"a.py": "x = 1\n"})
    title = "[bold]Sell\x1b[31m more\x07\r\n[/bold]\u202e"
    pulls = [hub.world.pull(repo, BAD, title=title), hub.world.pull(repo, BAD)]
    listed = swept(cli, token, "sweep", "--dry-run", "--repo", "acme/shop")
    assert (listed.code, reviewed(hub)) == (0, [])
    assert "[bold]Sell" in listed.out
    assert not set("\x1b\x07\r\u202e") & set(listed.out)
    assert swept(cli, token, "review", "acme/shop#2").code == 0
    assert reviewed(hub) == [pulls[1].id]
    missing = swept(cli, token, "review", "acme/shop#77")
    assert missing.code == 2
    assert "no open pull request '77'" in missing.err
    (cli.state / "ledger.db").unlink()
    rebuilt = swept(cli, token, "ledger", "rebuild", "--json")
    told = json.loads(rebuilt.out)
    assert (told["open_heads"], [one["pull"] for one in told["found"]]) == (2, ["2"])
    again = swept(cli, token, "ledger", "rebuild", "--repo", "acme/shop")
    assert "2 open heads, 0 found reviewed." in again.out
    assert swept(cli, token, "sweep", "--repo", "acme/shop").code == 0
    assert reviewed(hub) == sorted(pull.id for pull in pulls)


@pytest.mark.usefixtures("settings")
def test_strange_pull_requests_are_reviewed_and_disturb_nobody(
    cli: Cli, hub: FakeGitHub, token: str
) -> None:
    world = hub.world
    repo = world.repo("acme/shop", {"a.py": "x = 1\n"})
    fork = world.fork(repo, world.account("ada"))
    pulls: list[Pull] = [
        world.pull(repo, BAD, source=fork),
        world.pull(repo, {f"many/f{n}.py": f"x{n} = {n}\n" for n in range(3000)}),
        world.pull(repo, {"long.py": f"x = '{'y' * (1 << 20)}'\n"}),
        world.pull(repo, BAD),
    ]
    world.delete(fork)
    done = swept(cli, token, "sweep", "--json")
    report = json.loads(done.out)
    said = {one["key"]["pull"]: one["reason"] or one["state"] for one in report["heads"]}
    too_long = "nothing in it can be reviewed (larger than 1 MB)"
    assert said == {"1": "posted", "2": "posted", "3": too_long, "4": "posted"}
    assert (done.code, reviewed(hub)) == (0, sorted(one.id for one in pulls if one.number != 3))


@pytest.mark.threat("T23", layer="all layers")
@pytest.mark.parametrize("kind", ["classic", "fine-grained"])
def test_a_token_that_may_do_too_much_posts_nothing_until_that_is_allowed(
    cli: Cli, hub: FakeGitHub, token: str, settings: Path, kind: str
) -> None:
    repo = hub.world.repo("acme/shop", {"a.py": "x = 1\n"}, private=True)
    pull = hub.world.pull(repo, BAD)
    bot = hub.world.account("sweeper")
    hub.world.grant(repo, bot, "write")
    mighty, excess = hub.tokens.classic(bot, "repo"), "(repo)"
    if kind == "fine-grained":
        rights = {"contents": "write", "pull_requests": "write"}
        mighty, excess = hub.tokens.fine_grained(bot, repo.owner, **rights), "(contents: write)"
    refused = swept(cli, mighty, "sweep", "--repo", "acme/shop")
    assert (refused.code, reviewed(hub)) == (77, [])
    assert f"may do more than it needs {excess}; make a fine-grained token" in refused.err
    assert mighty not in refused.out + refused.err
    before = settings.read_text()
    settings.write_text(before + "strict_scopes = false\n")
    allowed = swept(cli, mighty, "sweep", "--repo", "acme/shop")
    assert (allowed.code, reviewed(hub)) == (0, [pull.id])
    assert allowed.err.count("may do more than it needs") == 1
    settings.write_text(before)
    again = swept(cli, token, "sweep", "--repo", "acme/shop")
    assert (again.code, again.err) == (0, ""), "the right token is silent"


@pytest.mark.usefixtures("settings")
def test_a_missing_or_refused_token_says_what_to_do(cli: Cli, hub: FakeGitHub, token: str) -> None:
    hub.world.repo("acme/shop")
    unset = cli.run("sweep")
    assert (unset.code, "${env:CANARY} is not set" in unset.err) == (77, True)
    refused = cli.run("sweep", CANARY="ghp_canarycanary")
    assert refused.code == 77
    assert "wrong, expired or revoked" in refused.err
    assert "canarycanary" not in refused.out + refused.err
    unseen = swept(cli, token, "sweep", "--repo", "acme/lost")
    assert unseen.code == 77
    assert "acme/lost does not exist or is hidden" in unseen.err
