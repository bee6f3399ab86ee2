"""Two sweeps at once, each with a ledger of its own: each head gets one review."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.models import HeadKey
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.local_git import LocalGit
from tests.building import Repo
from tests.fakes.github import spec
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage
from tests.fakes.host import drafts_in, reviews_on
from tests.fakes.steps import Steps, tell_of_ledger_writes
from tests.hosts.contract import review_of
from tests.matrix.sampling import sample
from tests.numbers import Record
from tests.sweep.installation import Installation


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        yield made


def second_of(stage: GitHubStage) -> GitHubStage:
    """Another machine with the same account; its engine words things otherwise."""
    root = stage.root.with_name("other")
    root.mkdir()

    def others(_: object) -> object:
        return {"findings": []}

    return replace(stage, root=root, engine=CountingEngine(others), events=[], slept=[], waited=[])


def watched(patch: pytest.MonkeyPatch, step: Callable[[str], None]) -> None:
    """`step` hears of every ledger write and every request, before it and after it."""
    tell_of_ledger_writes(patch, step)
    send = Connection._send

    def told(self: Connection, github: object, verb: str, path: str, body: Any = None) -> object:
        step(f"{verb} before")
        answer = send(self, github, verb, path, body)  # type: ignore[arg-type]
        step(f"{verb} after")
        return answer

    patch.setattr(Connection, "_send", told)


def sweep(stage: GitHubStage, at: int, event: Callable[[], object]) -> int:
    """One sweep in which something happens at a step; returns how many steps it had until then."""
    with pytest.MonkeyPatch.context() as patch:

        def once(_: str) -> None:
            patch.undo()  # whoever sweeps meanwhile is not counted
            event()

        steps = Steps(at, once)
        watched(patch, steps)
        stage.sweep()
    return len(steps.names)


@spec.needs_graphql
def test_a_whole_sweep_of_another_ledger_may_come_between_any_two_steps(
    stage: GitHubStage, record: Record
) -> None:
    other = second_of(stage)

    def meanwhile() -> None:
        thread = threading.Thread(target=other.sweep)
        thread.start()
        thread.join()

    stage.pull()
    steps = sweep(stage, -1, meanwhile)
    assert steps > 20
    tried = sample(range(steps), 4)
    for number in tried:
        pull = stage.pull()
        sweep(stage, number, meanwhile)
        for one in (other, stage):
            one.now += 3600.0
            one.sweep()
        assert len(stage.posted(pull)) == 1, f"at step {number}"
        assert stage.pending(pull) == []
    record("steps between which another ledger's sweep came", len(tried))


def test_a_note_that_another_sweep_wrote_since_the_look_is_kept_alone(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "a = 1\n"})
    sha = repo.commit({"a.py": "b = 1\n"}, branch="one")
    key = HeadKey("local", str(repo.path), "one", sha)
    hosts = [LocalGit(tmp_path / name) for name in ("ours", "theirs")]
    drafts = [host.prepare(review_of(host, key, host.name)) for host in hosts]
    assert [host.look(key).posted for host in hosts] == [None, None]
    first, second = (host.submit(draft) for host, draft in zip(hosts, drafts, strict=True))
    assert first == second
    assert reviews_on(repo, sha) == 1
    assert [drafts_in(tmp_path / name) for name in ("ours", "theirs")] == [[], []]


def test_notes_that_are_written_at_once_are_all_kept(tmp_path: Path) -> None:
    """Git writes the notes of a repository as one: the slower one would undo the faster."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "a = 1\n"})
    shas = [repo.commit({"a.py": f"b = {n}\n"}, branch=f"b{n}", start="main") for n in range(10)]
    host = LocalGit(tmp_path / "reviews")
    keys = [HeadKey("local", str(repo.path), f"b{n}", sha) for n, sha in enumerate(shas)]
    drafts = [host.prepare(review_of(host, key)) for key in keys]
    threads = [threading.Thread(target=host.submit, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reviews_on(repo, sha) for sha in shas] == [1] * 10


def test_two_processes_with_a_ledger_each_post_each_review_once(tmp_path: Path) -> None:
    ours, theirs = (Installation(tmp_path / name) for name in ("ours", "theirs"))
    for one in (ours, theirs):
        one.root.mkdir()
    repo = ours.repo(branches=6)
    for process in [one.start(repo, "--batch-size", "6") for one in (ours, theirs)]:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert ours.reviews(repo) == [1] * 6
    for one in (ours, theirs):
        assert one.sweep(repo).returncode == 0
        assert {row["state"] for row in one.rows()} == {"posted"}
        assert one.leftovers() == []
    assert ours.reviews(repo) == [1] * 6
