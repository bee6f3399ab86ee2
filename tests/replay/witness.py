"""An engine that reads the files as they are, and says every problem in them every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.github_stage import CountingEngine
from tests.replay.problems import remarks


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: of which pull request, at which commit, and the bytes of its prompt."""

    repo: str
    pull: str
    sha: str
    prompt_bytes: int


class Witness(CountingEngine):
    """`paths` are the files that it reads, by the name and number of a pull request."""

    def __init__(self) -> None:
        super().__init__(self._found)
        self.questions: list[Asked] = []
        self.paths: Mapping[tuple[str, str], frozenset[str]] = {}

    def _found(self, request: ReviewRequest) -> object:
        key = request.head.key
        size = len(request.brief.prompt.encode("utf-8", "replace"))
        times = sum((one.repo, one.pull) == (key.repo, key.pull) for one in self.questions)
        self.questions.append(Asked(repo=key.repo, pull=key.pull, sha=key.sha, prompt_bytes=size))
        chance = Random(f"{key.repo} {key.pull} {times}")  # noqa: S311 - reproducible
        found = []
        for path in sorted(self.paths[key.repo, key.pull]):
            file = request.checkout / path
            if file.exists():
                found += remarks(path, file.read_text("utf-8"), chance)
        chance.shuffle(found)
        return {"findings": found}
