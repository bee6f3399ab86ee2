"""Two reviewed pull requests to which everything happened that a later round has to do with.

One got a push that mends a finding and brings a new one. The other got a push that brings nothing,
somebody with write access asked for a review of it, and declined one of its findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.github import talk
from tests.fakes.github.rows import Pull, ReviewComment
from tests.fakes.github.scene import text
from tests.matrix.scene import CHANGED, Bill, Scene, installed

MENDED_AND_MORE = {"a.py": text(_10="ten", _40="mended", _50="fifty")}
OUTCOMES = (
    "SELECT pull || ' ' || quote, outcome FROM outcomes JOIN findings ON findings.id = finding_id"
    " JOIN heads ON heads.id = head_id ORDER BY outcomes.id"
)


@dataclass(kw_only=True)
class LaterScene(Scene):
    """`reviewed` are the heads of the first round, before which nobody died."""

    reviewed: list[Pull] = field(default_factory=list)

    def due(self) -> Bill:
        """Each head of each round once."""
        heads = [pull.head_sha for pull in (*self.reviewed, *self.pulls)]
        return Counter((sha, "find") for sha in heads)

    def wrong_on_the_host(self) -> Iterator[str]:
        """Nothing is said twice, nothing is lost, and people were heeded once."""
        news, quiet = self.pulls
        shas = [one.commit_sha for one in self.own(news)]
        if shas != [self.reviewed[0].head_sha, news.head_sha]:
            yield f"reviews of the one with news: {shas}"
        shas = [one.commit_sha for one in self.own(quiet)]
        if shas != [self.reviewed[1].head_sha]:
            yield f"reviews of the one without: {shas}"
        (noted,) = self.own(quiet)[:1]
        notes = noted.body.count("Also checked at"), noted.body.count(f"sha={quiet.head_sha}")
        if notes != (1, 1):
            yield f"noted as often: {notes}"
        lines = [[one.line for one in self.comments(pull)] for pull in self.pulls]
        if lines != [[10, 40, 50], [10, 40]]:
            yield f"comments on lines {lines}"
        settled = [
            (one.line, one.body.count("Fixed in"), bool(one.minimized))
            for pull in self.pulls
            for one in self.comments(pull)
            if "Fixed in" in one.body or one.minimized
        ]
        if settled != [(40, 1, True)]:
            yield f"settled: {settled}"
        yield from self._wrong_about_people()

    def comments(self, pull: Pull) -> list[ReviewComment]:
        """Ours, the oldest first."""
        every = self.hub.world.tables.review_comments.values()
        ours = [one for one in every if (one.author_id, one.pull_id) == (self.bot.id, pull.id)]
        return sorted(ours, key=lambda one: one.id)

    def _wrong_about_people(self) -> Iterator[str]:
        commands = self.rows("SELECT word, answer FROM commands ORDER BY word")
        if commands != [("ignore", "obeyed"), ("review", "obeyed")]:
            yield f"commands: {commands}"
        seen = Counter(one.subject for one in self.hub.world.tables.reactions.values())
        if any(times > 1 for times in seen.values()):
            yield f"eyes: {seen}"
        news, quiet = (pull.number for pull in self.pulls)
        became = dict(self.rows(OUTCOMES))
        expected = {
            f"{news} ten": "ignored",
            f"{news} forty": "fixed",
            f"{quiet} ten": "dismissed",
            f"{quiet} forty": "ignored",
        }
        if became != expected:
            yield f"outcomes: {became}"


@contextmanager
def later_scene(root: Path) -> Iterator[LaterScene]:
    """The scene before the first sweep that knows of any of it."""
    with installed(root, LaterScene, scripted="Planted") as made:
        world = made.hub.world
        made.reviewed += [world.pull(made.shop, CHANGED), world.pull(made.shop, CHANGED)]
        done = made.sweep()
        assert done.returncode == 0, done.stderr
        (root / "points").unlink()
        news, quiet = made.reviewed
        made.pulls += [world.push(news, MENDED_AND_MORE), world.push(quiet, {"b.py": "y = 2\n"})]
        ada = world.account("ada")
        world.grant(made.shop, ada, "write")
        ten, _ = made.comments(quiet)
        talk.answer(world, world.tables.threads[ten.id], ada, "@sweeper ignore")
        world.comment(quiet, ada, "@sweeper review")
        yield made
