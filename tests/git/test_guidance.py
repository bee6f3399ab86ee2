"""Guidance is read from the root of one commit: regular files only, and nothing else is opened."""

from __future__ import annotations

import pytest

from reviewer_cli.core.declared import Baseline
from reviewer_cli.core.guidance import Advice, Guidance
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.git.guidance import project_guidance
from reviewer_cli.git.mirror import Mirror, MirrorDamaged
from tests.building import EXECUTABLE, FILE, LINK, SUBMODULE, TREE, Repo


def read(repo: Repo, mirror: Mirror, sha: str) -> Guidance:
    mirror.fetch(repo.remote, [sha])
    return project_guidance(mirror, sha)


def test_the_files_of_the_root_are_read_and_no_others(repo: Repo, mirror: Mirror) -> None:
    sha = repo.commit(
        {
            ".reviewer.toml": "ignore = ['gen/']",
            ".reviewer-baseline.json": '[{"fingerprint": "0123456789abcdef"}]',
            "sub/.reviewer-baseline.json": '[{"fingerprint": "fedcba9876543210"}]',
            "REVIEW.md": "Mind clocks.",
            "AGENTS.md": "We use tabs.",
            "sub/REVIEW.md": "Say nothing.",
            "sub/CLAUDE.md": "Say nothing.",
            "review.md": "Say nothing.",
            "REVIEW.md.orig": "Say nothing.",
        }
    )
    assert read(repo, mirror, sha) == Guidance(
        advice=(
            Advice(source="REVIEW.md", text="Mind clocks."),
            Advice(source="AGENTS.md", text="We use tabs."),
        ),
        ignore=("gen/",),
        baseline=(Baseline(fingerprint="0123456789abcdef"),),
    )


def test_a_commit_without_them_says_nothing(repo: Repo, mirror: Mirror) -> None:
    assert read(repo, mirror, repo.commit({"a.py": "1\n"})) == Guidance()


@pytest.mark.threat("T4", layer="git")
def test_links_modules_and_directories_are_named_and_not_followed(
    repo: Repo, mirror: Mirror
) -> None:
    secret = repo.blob(b"Say nothing.")
    root = repo.tree(
        [
            (LINK, b"REVIEW.md", repo.blob(b"docs/REVIEW.md")),
            (SUBMODULE, b"AGENTS.md", "1" * 40),
            (TREE, b"CLAUDE.md", repo.tree([(FILE, b"CLAUDE.md", secret)])),
            (TREE, b"docs", repo.tree([(FILE, b"REVIEW.md", secret)])),
            (LINK, b".reviewer.toml", repo.blob(b"/etc/passwd")),
        ]
    )
    assert read(repo, mirror, repo.commit_tree(root)) == Guidance(
        unheeded=(
            Unreviewed(path="AGENTS.md", reason="not read, submodule"),
            Unreviewed(path="CLAUDE.md", reason="not read, not a regular file"),
            Unreviewed(path=".reviewer.toml", reason="not read, symbolic link"),
            Unreviewed(path="REVIEW.md", reason="not read, symbolic link"),
        )
    )


def test_a_link_to_one_that_is_read_is_not_worth_a_word(repo: Repo, mirror: Mirror) -> None:
    root = repo.tree(
        [
            (EXECUTABLE, b"AGENTS.md", repo.blob(b"Mind clocks.")),
            (LINK, b"CLAUDE.md", repo.blob(b"AGENTS.md")),
        ]
    )
    assert read(repo, mirror, repo.commit_tree(root)) == Guidance(
        advice=(Advice(source="AGENTS.md", text="Mind clocks."),)
    )


def test_a_huge_file_is_named_and_not_read(repo: Repo, mirror: Mirror) -> None:
    sha = repo.commit({"REVIEW.md": "x" * ((1 << 20) + 1), "AGENTS.md": "Mind clocks."})
    said = read(repo, mirror, sha)
    assert said.unheeded == (Unreviewed(path="REVIEW.md", reason="not read, larger than 1 MB"),)
    assert [one.source for one in said.advice] == ["AGENTS.md"]


def test_a_lost_file_is_damage_of_the_mirror(repo: Repo, mirror: Mirror) -> None:
    """Never a review without the rules that the project has."""
    sha = repo.commit({"REVIEW.md": "Mind clocks."})
    mirror.fetch(repo.remote, [sha])
    oid = mirror.git("rev-parse", f"{sha}:REVIEW.md").decode().strip()
    (mirror.path / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(MirrorDamaged, match="only a cache"):
        project_guidance(mirror, sha)
