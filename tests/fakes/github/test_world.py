"""Repositories and pull requests of the fake are real git, over HTTP and in what REST counts."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest
from github import GithubException

from tests.fakes.github.scene import Scene, connect, text
from tests.fakes.github.server import FakeGitHub


def fetch(where: Path, url: str, *wanted: str, token: str | None = None) -> str:
    """Fetch into a new bare repository with the token in the environment; the last commit."""
    where.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }
    for command in (
        ["init", "-q", "--bare"],
        ["fetch", "-q", url, *wanted],
        ["rev-parse", "FETCH_HEAD"],
    ):
        done = subprocess.run(
            ["git", *command],
            cwd=where,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.strip()


def test_git_fetches_the_pull_request_by_ref_and_by_commit_shallow_and_partial(
    scene: Scene, tmp_path: Path
) -> None:
    url = scene.hub.git_url(scene.repo)
    assert fetch(tmp_path / "a", url, "refs/pull/1/head") == scene.pull.head_sha
    wanted = ("--depth=1", "--filter=blob:none", scene.pull.head_sha)
    assert fetch(tmp_path / "b", url, *wanted) == scene.pull.head_sha


def test_git_reads_a_private_repository_with_a_good_token_only(
    scene: Scene, tmp_path: Path
) -> None:
    hub = scene.hub
    hub.world.change(scene.repo, private=True)
    url = hub.git_url(scene.repo)
    fetch(tmp_path / "good", url, "main", token=scene.token)
    blind = hub.tokens.fine_grained(scene.bot, scene.repo.owner, pull_requests="write")
    stranger = hub.tokens.fine_grained(scene.bot, scene.bot, contents="read")
    for name, token in [("none", None), ("wrong", "x"), ("blind", blind), ("far", stranger)]:
        with pytest.raises(subprocess.CalledProcessError):
            fetch(tmp_path / name, url, "main", token=token)
    statuses = [one.status for one in hub.log if one.kind == "git"]
    assert {401, 403, 404} <= set(statuses)


def test_git_cannot_push(scene: Scene, tmp_path: Path) -> None:
    fetch(tmp_path, scene.hub.git_url(scene.repo), "main")
    with pytest.raises(subprocess.CalledProcessError, match=r"128"):
        subprocess.run(
            ["git", "push", scene.hub.git_url(scene.repo), "FETCH_HEAD:refs/heads/x"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )


def test_rest_counts_what_git_counts(scene: Scene) -> None:
    seen = scene.seen
    assert (seen.additions, seen.deletions, seen.changed_files) == (4, 3, 3)
    assert seen.mergeable
    assert seen.head.sha == scene.pull.head_sha
    files = {one.filename: one for one in seen.get_files()}
    assert {name: one.status for name, one in files.items()} == {
        "a.py": "modified",
        "new.py": "added",
        "old.py": "removed",
    }
    assert "-line 10\n+ten\n" in files["a.py"].patch


def test_a_push_moves_the_head_and_its_ref(scene: Scene, tmp_path: Path) -> None:
    moved = scene.hub.world.push(scene.pull, {"new.py": "three\n"})
    assert scene.seen.head.sha == moved.head_sha != scene.pull.head_sha
    assert fetch(tmp_path, scene.hub.git_url(scene.repo), "refs/pull/1/head") == moved.head_sha
    assert scene.seen.updated_at > scene.seen.created_at
    forced = scene.hub.world.force_push(moved, {"new.py": "four\n"})
    assert scene.seen.changed_files == 1
    assert forced.commits == (forced.head_sha,)


def test_a_fork_s_pull_request_is_fetched_from_the_base_and_outlives_the_fork(
    scene: Scene, tmp_path: Path
) -> None:
    world = scene.hub.world
    fork = world.fork(scene.repo, world.account("eve"))
    pull = world.pull(scene.repo, {"evil.py": "x\n"}, source=fork)
    url = scene.hub.git_url(scene.repo)
    assert fetch(tmp_path / "base", url, "refs/pull/2/head") == pull.head_sha
    assert fetch(tmp_path / "fork", scene.hub.git_url(fork), pull.head_ref) == pull.head_sha
    shown = connect(scene.hub, scene.token).get_repo("acme/shop").get_pull(2)
    assert (shown.head.repo.full_name, shown.user.login) == ("eve/shop", "eve")
    world.delete(fork)
    pushed = connect(scene.hub, scene.token).get_repo("acme/shop").get_pull(2)
    assert pushed.raw_data["head"]["repo"] is None
    assert fetch(tmp_path / "base", url, "refs/pull/2/head") == pull.head_sha


def test_closing_merging_and_archiving(scene: Scene) -> None:
    world = scene.hub.world
    repo = connect(scene.hub, scene.token).get_repo("acme/shop")
    world.close(scene.pull)
    assert scene.seen.state == "closed"
    assert [one.number for one in repo.get_pulls()] == []
    world.reopen(scene.pull)
    merged = world.merge(scene.pull)
    assert scene.seen.merged
    assert merged.merge_sha == scene.seen.merge_commit_sha
    assert [one.number for one in repo.get_pulls(state="closed")] == [1]
    world.change(scene.repo, archived=True)
    with pytest.raises(GithubException, match="archived"):
        scene.seen.create_review(body="x", event="COMMENT")


def test_a_conflict_shows(scene: Scene) -> None:
    world = scene.hub.world
    world.commit(scene.repo, {"a.py": text(_10="TEN")})
    world.push(scene.pull, {"b.py": "b\n"})
    assert scene.seen.mergeable is False


def test_a_renamed_repository_redirects_rest_and_git(scene: Scene, tmp_path: Path) -> None:
    old = scene.hub.git_url(scene.repo)
    scene.hub.world.rename(scene.repo, "acme/store")
    by_old_name = connect(scene.hub, scene.token).get_repo("acme/shop")
    assert by_old_name.full_name == "acme/store"
    assert [one.number for one in by_old_name.get_pulls()] == [1]
    assert fetch(tmp_path, old, "refs/pull/1/head") == scene.pull.head_sha


def test_a_private_repository_is_not_found_by_strangers(hub: FakeGitHub) -> None:
    repo = hub.world.repo("acme/secret", private=True)
    other = hub.world.repo("acme/other", private=True)
    bot = hub.world.account("sweeper")
    token = hub.tokens.fine_grained(bot, repo.owner, [other], pull_requests="read")
    github = connect(hub, token)
    assert github.get_repo("acme/other").private
    with pytest.raises(GithubException, match="404"):
        github.get_repo("acme/secret")


def test_many_pull_requests_come_in_pages_with_links_under_the_same_address(
    hub: FakeGitHub,
) -> None:
    repo = hub.world.repo("acme/shop")
    for number in range(7):
        hub.world.pull(repo, {f"{number}.py": "x\n"})
    github = connect(hub, hub.tokens.classic(hub.world.account("ada"), "repo"))
    github.per_page = 3
    numbers = [one.number for one in github.get_repo("acme/shop").get_pulls()]
    assert numbers == [7, 6, 5, 4, 3, 2, 1]
    links = [
        one.response_headers.get("link", "") for one in hub.exchanges("GET", "/repos/*/*/pulls")
    ]
    assert len(links) == 3
    assert f'<{hub.api_url}/repos/acme/shop/pulls?per_page=3&page=2>; rel="next"' in links[0]
    assert 'rel="next"' not in links[-1]


def test_an_etag_saves_the_request_from_the_limit_but_only_for_the_same_token(scene: Scene) -> None:
    requester = connect(scene.hub, scene.token).requester
    path = "/repos/acme/shop/pulls"
    headers, _ = requester.requestJsonAndCheck("GET", path)
    kept = {"If-None-Match": headers["etag"]}
    status, again, _ = requester.requestJson("GET", path, headers=kept)
    assert (status, again["x-ratelimit-used"]) == (304, headers["x-ratelimit-used"])
    other = scene.hub.tokens.fine_grained(scene.bot, scene.repo.owner, pull_requests="read")
    status, _, _ = connect(scene.hub, other).requester.requestJson("GET", path, headers=kept)
    assert status == 200
    scene.hub.world.push(scene.pull, {"c.py": "c\n"})
    assert requester.requestJson("GET", path, headers=kept)[0] == 200


def test_the_diff_and_the_merge_base_come_from_git(scene: Scene) -> None:
    requester = connect(scene.hub, scene.token).requester
    accept = {"Accept": "application/vnd.github.diff"}
    _, diff = requester.requestJsonAndCheck("GET", "/repos/acme/shop/pulls/1", headers=accept)
    assert "diff --git a/a.py b/a.py" in diff["data"]
    scene.hub.world.commit(scene.repo, {"z.py": "z\n"})
    repo = connect(scene.hub, scene.token).get_repo("acme/shop")
    compared = repo.compare(scene.pull.base_sha, scene.pull.head_sha)
    assert compared.merge_base_commit.sha == scene.pull.base_sha


def test_the_conversation_is_listed(scene: Scene) -> None:
    scene.hub.world.comment(scene.pull, scene.bot, "hello")
    requester = connect(scene.hub, scene.token).requester
    _, comments = requester.requestJsonAndCheck("GET", "/repos/acme/shop/issues/1/comments")
    assert [one["body"] for one in comments] == ["hello"]
