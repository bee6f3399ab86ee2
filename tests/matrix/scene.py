"""One installation over one fake GitHub: two open heads, one of them after a draft of an older one.

That is enough for every call that a sweep makes on its way: a draft of ours that stands in the
way is listed, deleted and replaced.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import HeadKey
from tests.fakes.github import reviews
from tests.fakes.github.rows import Account, Pull, Repo, Review
from tests.fakes.github.scene import text
from tests.fakes.github.server import FakeGitHub
from tests.matrix.paid import ANSWERS

ROOT = Path(__file__).parents[2]
SECRET = "made-up marker secret"
CHANGED = {"a.py": text(_10="ten", _40="forty")}
MOVED = {"a.py": text(_10="ten", _40="forty", _50="fifty")}
KEPT = ("ledger.db", "ledger.db.seal", "sweep.lock", "scratch", "installation-*.json")
"""All that a state directory holds between two sweeps."""

Kind = TypeVar("Kind", bound="Scene")
Bill = Counter[tuple[str, str]]
"""How often each pass of each commit was asked for."""


@dataclass(kw_only=True)
class Scene:
    """Sweeps of it are processes of their own, with everything below `root`.

    `engine` are the variables that a real engine needs; without any the `scripted` one of
    tests/matrix/paid.py is in its place.
    """

    root: Path
    hub: FakeGitHub
    shop: Repo
    bot: Account
    token: str
    pulls: list[Pull] = field(default_factory=list)
    sweeping: list[subprocess.Popen[str]] = field(default_factory=list)
    engine: dict[str, str] | None = None
    scripted: str = "Paid"

    def __post_init__(self) -> None:
        for name in ("tmp", "home"):
            (self.root / name).mkdir()

    def sweep(self, kill_at: str = "") -> subprocess.CompletedProcess[str]:
        """One sweep, which dies at a point where one is named and met."""
        settings = str(self.root / "reviewer.toml")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.matrix.mortal", "sweep", "--config", settings],
            cwd=self.root,
            env=self.environment | {"KILL_AT": kill_at},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.sweeping.append(process)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def kill(self) -> None:
        """End the sweep that runs now, without a word."""
        self.sweeping[-1].kill()

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the user's."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "REVIEWER_STATE_DIR": str(self.state),
            "REVIEWER_CACHE_DIR": str(self.root / "cache"),
            "POINTS": str(self.root / "points"),
            "HUB_TOKEN": self.token,
            "MARKER": SECRET,
            **(self.engine or {"PAID": str(self.bill), "ENGINE": self.scripted}),
        }

    @property
    def state(self) -> Path:
        """Where the ledger is."""
        return self.root / "state"

    def points(self) -> list[str]:
        """Every point that its sweeps met, in their order."""
        return (self.root / "points").read_text().splitlines()

    @property
    def bill(self) -> Path:
        """Each line is a commit and the pass that was asked for it."""
        return self.root / "paid"

    def paid(self) -> Bill:
        """What was asked of the engine so far."""
        lines = self.bill.read_text().splitlines() if self.bill.exists() else []
        return Counter((sha, step) for sha, _, step in (line.partition(" ") for line in lines))

    def due(self) -> Bill:
        """What has to be asked of it, once."""
        return Counter((pull.head_sha, str(step)) for pull in self.pulls for step in ANSWERS)

    def saved(self) -> set[tuple[str, str]]:
        """The passes whose answers are in the ledger."""
        return {
            (sha, step)
            for sha, step in self.rows(
                "SELECT head_sha, step FROM replies JOIN heads ON heads.id = head_id"
            )
        }

    def states(self) -> set[tuple[str, str]]:
        """The states of the heads, and their leases."""
        return set(self.rows("SELECT state, lease FROM heads"))

    def told_otherwise(self) -> list[tuple[str, str]]:
        """The heads of which not just those that are posted are told in the digest, once each."""
        return self.rows(
            "SELECT head_sha, state FROM heads WHERE (state = 'posted')"
            " <> (SELECT count(*) FROM told WHERE head_id = heads.id)"
        )

    def own(self, pull: Pull) -> list[Review]:
        """Every review of ours on a pull request."""
        seen = self.hub.world.tables.reviews_of(pull, self.bot.id)
        return [one for one in seen if one.author_id == self.bot.id]

    def wrong_on_the_host(self) -> Iterator[str]:
        """What is not there as it has to be when all is done."""
        for pull in self.pulls:
            own = [(one.state, one.commit_sha == pull.head_sha) for one in self.own(pull)]
            if own != [("COMMENTED", True)]:
                yield f"pull request {pull.number}: {own}"

    def left_behind(self) -> list[Path]:
        """What no sweep that came to its end may leave, however many died before it."""
        state = [path for path in self.state.iterdir() if not any(map(path.match, KEPT))]
        scratch = self.state / "scratch"
        cache = self.root / "cache"
        return [
            *state,
            *(scratch.iterdir() if scratch.exists() else ()),
            *(self.root / "tmp").iterdir(),
            *(path for word in ("*.half", "tmp_*", "*.lock.*") for path in cache.rglob(word)),
            *cache.glob("mirrors/*.git/**/*.lock"),
        ]

    def let_an_hour_pass(self) -> None:
        """For seals of the ledger: a young one may belong to a process that still writes it."""
        for draft in self.state.glob(".*-*"):
            then = draft.stat().st_mtime - 3700.0
            os.utime(draft, (then, then))

    def let_waits_end(self) -> None:
        """As if the minutes were over for which a head waits after an error."""
        with closing(sqlite3.connect(self.state / "ledger.db")) as db, db:
            db.execute("UPDATE heads SET next_due_at = first_seen_at")

    def living(self) -> list[str]:
        """The processes that still work below the root, after a moment in which they may end."""
        for _ in range(60):
            found = list(self._processes())
            if not found:
                break
            time.sleep(0.05)
        return found

    def _processes(self) -> Iterator[str]:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = process.joinpath("cmdline").read_text().replace("\0", " ")
                place = process.joinpath("cwd").readlink()
            except OSError:
                continue  # it ended meanwhile
            # A jailed one has a root of its own, but a command line that names its directory.
            if place.is_relative_to(self.root) or f"{self.root}/" in words:
                yield words

    def rows(self, query: str) -> list[tuple[str, str]]:
        """From a copy: to open the ledger itself would mend what a killed commit left half-done."""
        if not (self.state / "ledger.db").exists():
            return []
        with tempfile.TemporaryDirectory() as place:
            for file in self.state.glob("ledger.db*"):
                shutil.copy(file, place)
            with closing(sqlite3.connect(Path(place, "ledger.db"))) as db:
                assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                return db.execute(query).fetchall()


@contextmanager
def scene(root: Path, engine: dict[str, str] | None = None) -> Iterator[Scene]:
    """The scene before its first sweep; `engine` are the variables of the agent, if it runs."""
    with installed(root, Scene, engine=engine) as made:
        world, shop, bot = made.hub.world, made.shop, made.bot
        older = world.pull(shop, CHANGED)
        host = made.hub.origin.split("://")[1]
        key = HeadKey(host, shop.full_name, str(older.number), older.head_sha)
        body = f"**No findings.**\n\n{marker(key, SECRET.encode())}"
        reviews.create(world, older, bot, body=body, commit=older.head_sha)
        made.pulls += [world.push(older, MOVED), world.pull(shop, CHANGED)]
        yield made


@contextmanager
def installed(
    root: Path, kind: type[Kind], *, engine: dict[str, str] | None = None, scripted: str = "Paid"
) -> Iterator[Kind]:
    """A scene of this kind with one repository and nothing open in it."""
    root.mkdir(parents=True, exist_ok=True)
    with FakeGitHub(root / "hub") as hub:
        shop, bot = hub.world.repo("acme/shop", {"a.py": text()}), hub.world.account("sweeper")
        token = hub.tokens.fine_grained(bot, shop.owner, pull_requests="write", contents="read")
        (root / "reviewer.toml").write_text(
            f'repositories = ["acme/shop"]\n[engine]\nevidence = false\n'
            f'name = "{"agent" if engine else "offline"}"\n[rounds]\nsettle = "0s"\n'
            f'[sweep]\nbatch_size = 2\n[github]\napi_url = "{hub.api_url}"\nlists_lag = "0.1s"\n'
            'token = "${env:HUB_TOKEN}"\nmarker_secret = "${env:MARKER}"\n'
        )
        yield kind(
            root=root, hub=hub, shop=shop, bot=bot, token=token, engine=engine, scripted=scripted
        )
