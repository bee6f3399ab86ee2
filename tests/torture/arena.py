"""Two sweeps of one repository on the fake GitHub, in processes that die at any moment."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from reviewer_cli.scratch import PREFIX
from tests.fakes.github import faults, reviews
from tests.fakes.github.rows import Account, Pull, Repo, Review
from tests.fakes.github.server import FakeGitHub

ROOT = Path(__file__).parents[2]
REVIEWS = "/repos/*/*/pulls/*/reviews"
WRITES = (("POST", REVIEWS), ("POST", f"{REVIEWS}/*/events"), ("DELETE", f"{REVIEWS}/*"))
BUSY = 2.5
"""How much longer a sweep lasts that finds something: kills are spread over this time."""
PATIENCE = 12
LEFT_SOMETHING = 3
ENDINGS = {
    0: "came to its end",
    LEFT_SOMETHING: "left something for later",
    75: "found the other at work",
    -signal.SIGKILL: "was killed",
    128 + signal.SIGTERM: "was stopped",
    -signal.SIGTERM: "was stopped",  # before it had begun to listen
}
SETTINGS = """
repositories = ["acme/*"]
sandbox = "none"
[sweep]
batch_size = 2
max_attempts = 1000
first_retry = "0.001s"
longest_retry = "0.001s"
[engine]
name = "offline"
[github]
api_url = "{api_url}"
lists_lag = "0s"
token = "${{env:BOT}}"
"""


@dataclass(frozen=True)
class Post:
    """One place to sweep from: a state directory, a cache and a home of its own."""

    root: Path
    token: str

    def settle(self, api_url: str) -> None:
        """Write the settings."""
        (self.root / "tmp").mkdir(parents=True)
        (self.root / "reviewer.toml").write_text(SETTINGS.format(api_url=api_url))

    def start(self) -> subprocess.Popen[bytes]:
        """A sweep; what it says is appended to `said`."""
        inherited = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        places = {
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "REVIEWER_STATE_DIR": str(self.root / "state"),
            "REVIEWER_CACHE_DIR": str(self.root / "cache"),
        }
        with self._said() as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.torture.sweeper", "sweep"],
                cwd=self.root,
                env=inherited | places | {"BOT": self.token},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def sweep(self) -> int:
        """One sweep to its end; its exit code."""
        return self.start().wait(timeout=60)

    @property
    def said(self) -> str:
        """All that was said here."""
        return (self.root / "said").read_text()

    def rows(self) -> list[sqlite3.Row]:
        """Every head of the ledger, which must be sound."""
        with closing(sqlite3.connect(self.root / "state" / "ledger.db")) as db:
            db.row_factory = sqlite3.Row
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            return db.execute("SELECT * FROM heads ORDER BY id").fetchall()

    def leftovers(self) -> list[Path]:
        """What a whole sweep must not leave behind, however many were killed before it."""
        halves = [*self.root.rglob("*.half"), *self.root.rglob("*-journal")]
        return [*halves, *(self.root / "state").glob(f"{PREFIX}*"), *(self.root / "tmp").iterdir()]

    def _said(self) -> IO[bytes]:
        return (self.root / "said").open("ab")


@dataclass
class Arena:
    """`posts` are the places that the two sweeps of a round start from, perhaps the same twice;
    `sweep_s` is about how long one of them lasts.

    One pull request has a draft review that a person writes under the bot's account.
    """

    hub: FakeGitHub
    posts: tuple[Post, Post]
    repo: Repo
    bot: Account
    dice: random.Random
    sweep_s: float
    pulls: list[Pull] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    unfinished: Review | None = None

    def open(self) -> None:
        """One more pull request."""
        self.pulls.append(self.hub.world.pull(self.repo, self._change()))

    def person_begins_a_draft(self) -> None:
        """On a new pull request."""
        self.open()
        self.unfinished = reviews.create(
            self.hub.world, self.pulls[-1], self.bot, body="I am not done with this."
        )

    def person_deletes_the_draft(self) -> None:
        """Nobody else has touched it, although each place wanted to post there."""
        assert self.unfinished is not None
        for post in self.posts:
            assert post.sweep() == LEFT_SOMETHING, post.said
        world = self.hub.world
        assert world.fresh(self.unfinished) == self.unfinished
        reviews.delete(world, self.unfinished, self.bot)

    def round(self) -> None:
        """Two sweeps at once while people work; either may be killed or stopped at any moment."""
        self._people_work()
        timers: list[threading.Timer] = []
        processes = []
        for post in self.posts:
            process = post.start()
            processes.append(process)
            timers += self._fate_of(process)
            time.sleep(self.dice.uniform(0.0, 0.3))
        timers.append(threading.Timer(self.dice.uniform(0.2, self.sweep_s), self._people_work))
        for timer in timers:
            timer.start()
        for process in processes:
            code = process.wait(timeout=60)
            assert code in ENDINGS, f"{code}: {self.said()}"
            self.ends[ENDINGS[code]] += 1
        for timer in timers:
            timer.cancel()
            timer.join()

    def sweep_until_quiet(self) -> None:
        """Undisturbed sweeps from each place, until all of them have nothing left to do."""
        for _ in range(PATIENCE):
            before = len(self.hub.world.tables.reviews)
            codes = [post.sweep() for post in dict.fromkeys(self.posts)]
            if set(codes) == {0} and before == len(self.hub.world.tables.reviews):
                return
        raise AssertionError(self.said())

    def said(self) -> str:
        """What was said everywhere."""
        return "\n\n".join(post.said for post in dict.fromkeys(self.posts))

    def own(self, pull: Pull) -> list[Review]:
        """The reviews of a pull request under the bot's account, drafts too."""
        seen = self.hub.world.tables.reviews_of(pull, self.bot.id)
        return [one for one in seen if one.author_id == self.bot.id]

    def processes(self) -> list[str]:
        """Commands of the processes that work below our places, whoever started them."""
        roots = {post.root for post in self.posts}
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                at = process.joinpath("cwd").readlink()
                if any(at.is_relative_to(root) for root in roots):
                    found.append(process.joinpath("cmdline").read_text().replace("\0", " "))
            except OSError:
                continue  # it ended meanwhile, or is none of our business
        return found

    def _people_work(self) -> None:
        """Most often a new pull request, sometimes a push to an old one, rarely an end."""
        world = self.hub.world
        self.open()
        draft = self.unfinished.pull_id if self.unfinished else None
        living = [one for one in map(world.fresh, self.pulls) if one.state == "open"]
        mine = [one for one in living if one.id != draft]
        verb = self.dice.choice((world.push, world.push, world.force_push, None, "close"))
        pull = self.dice.choice(mine)
        if verb == "close":
            self.dice.choice((world.close, world.merge))(pull)
        elif verb is not None:
            verb(pull, self._change())

    def _fate_of(self, process: subprocess.Popen[bytes]) -> Iterable[threading.Timer]:
        """Killed by the clock, just before or after a write on the host, stopped, or left alone."""
        fate = self.dice.choice(("clock", "clock", "before", "after", "stopped", "alone"))
        if fate in ("clock", "stopped"):
            number = signal.SIGKILL if fate == "clock" else signal.SIGTERM
            moment = self.dice.uniform(0.1, self.sweep_s)
            return [threading.Timer(moment, process.send_signal, [number])]
        if fate != "alone":
            met = {"before": faults.first, "after": faults.then}[fate](process.kill)
            self.hub.fail(*self.dice.choice(WRITES), met)
        return []

    def _change(self) -> dict[str, str]:
        number = self.dice.getrandbits(40)
        return {f"f{number}.py": f"print({number})\n"}


def arena(hub: FakeGitHub, root: Path, places: tuple[str, str], seed: int) -> Arena:
    """A repository that each place has swept once, while nothing was there."""
    repo = hub.world.repo("acme/shop", {"a.py": "a = 1\n"})
    bot = hub.world.account("sweeper")
    token = hub.tokens.fine_grained(bot, repo.owner, pull_requests="write", contents="read")
    posts = {name: Post(root / name, token) for name in places}
    for post in posts.values():
        post.settle(hub.api_url)
        assert post.sweep() == 0, post.said
    first, second = (posts[name] for name in places)
    begun = time.monotonic()
    first.sweep()
    sweep_s = BUSY * (time.monotonic() - begun)
    dice = random.Random(seed)  # noqa: S311 - repeatable
    return Arena(hub, (first, second), repo, bot, dice, sweep_s)
