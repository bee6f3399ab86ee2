"""A local git host that fails where a test wants it to, before or after it did what was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from reviewer_cli.core.models import HeadKey, Review
from reviewer_cli.core.sanitise import visible
from reviewer_cli.hosts.local_git import NOTES, LocalGit
from reviewer_cli.ports.host import Draft, Standing
from tests.building import Repo

Answer = TypeVar("Answer")
Step = Callable[[str], None]
"""Hears of steps such as "submit before" and "submit after"; what it raises, the call raises."""

POSTING_CALLS = ("look", "prepare", "submit", "discard")


class FaultyHost(LocalGit):
    """The real host; `step` is told before and after each call that has to do with posting."""

    def __init__(self, reviews_dir: Path, step: Step) -> None:
        super().__init__(reviews_dir)
        self.reviews_dir = reviews_dir
        self._step = step

    def _told(self, name: str, call: Callable[[], Answer]) -> Answer:
        self._step(f"{name} before")
        answer = call()
        self._step(f"{name} after")
        return answer

    def look(self, key: HeadKey) -> Standing:
        return self._told("look", lambda: LocalGit.look(self, key))

    def prepare(self, review: Review) -> Draft:
        return self._told("prepare", lambda: LocalGit.prepare(self, review))

    def submit(self, draft: Draft) -> str:
        return self._told("submit", lambda: LocalGit.submit(self, draft))

    def discard(self, draft: Draft) -> None:
        self._told("discard", lambda: LocalGit.discard(self, draft))


def reviews_on(repo: Repo, sha: str) -> int:
    """How many reviews of ours the head's note holds, counted by their markers."""
    notes = dict(
        line.split()[::-1] for line in repo.git("notes", f"--ref={NOTES}", "list").splitlines()
    )
    if sha not in notes:
        return 0
    text = visible(repo.git("cat-file", "blob", notes[sha]))
    return text.count(f"<!-- reviewer:v1 sha={sha} ")


def drafts_in(reviews_dir: Path) -> list[Path]:
    """Drafts that nobody took back."""
    return sorted(reviews_dir.rglob(".*.md"))
