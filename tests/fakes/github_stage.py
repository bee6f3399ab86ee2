"""Whole sweeps over a fake GitHub: real host, ledger and git, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from github import Auth

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import HeadKey
from reviewer_cli.hosts.github.accounts import Accounts, Listed
from reviewer_cli.hosts.github.connection import Connection, Server
from reviewer_cli.hosts.github.host import GitHub
from reviewer_cli.hosts.github.issues import GitHubIssues
from reviewer_cli.hosts.github.selection import SelectionRules
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.tick import tick
from tests.fakes.engine import Answer, ScriptedEngine, found
from tests.fakes.github import reviews, spec
from tests.fakes.github.checker import Checker
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github.rows import Account, Pull, Repo, Review
from tests.fakes.github.scene import text
from tests.fakes.github.server import FakeGitHub
from tests.fakes.stage import START, Stage

SECRET = b"the marker secret"
FILE = {"a.py": text()}
CHANGED = {"a.py": text(_10="ten", _40="forty")}

Connect = Callable[[Auth.Auth], Connection]
"""A connection with this credential, on a stage's time."""


def two_remarks(request: ReviewRequest) -> object:
    """A remark on each changed line of `CHANGED`."""
    return {"findings": [found("a.py", 10, "ten"), found("a.py", 40, "forty", severity="low")]}


class CountingEngine(ScriptedEngine):
    """Also remembers the commit of each review that it answered."""

    def __init__(self, answer: Answer = two_remarks) -> None:
        super().__init__(answer)
        self.answered: list[str] = []

    async def review(self, request: ReviewRequest) -> Reply:
        """Answer, then count."""
        reply = await super().review(request)
        self.answered.append(request.head.key.sha)
        return reply


@dataclass
class StageAccount:
    """One token for everything, on a stage's time; see `accounts.Accounts`."""

    connection: Connection

    def of(self, repo: str) -> Connection:
        """The one connection there is."""
        return self.connection

    def repositories(self) -> Iterator[Listed]:
        """Stages name their repositories."""
        return iter(())

    def forget(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Close it."""
        self.connection.close()


@dataclass
class Trouble:
    """A fault that meets the next `left` requests with `word` in their body, until it is over."""

    fault: Fault
    word: str = ""
    left: int = 10_000
    met: int = 0

    def __call__(self, request: Request, handle: Handler) -> Outcome:
        if self.left <= 0 or self.word.encode() not in request.body:
            return handle(request)
        self.left -= 1
        self.met += 1
        return self.fault(request, handle)

    def over(self) -> None:
        """From now on all is well."""
        self.left = 0


@dataclass(kw_only=True)
class GitHubStage(Stage):
    """`sweep()` runs one tick over the fake's repositories, as a new process would.

    `selector` names them, where it is not the one; `accounts` are others than the bot's token.
    """

    hub: FakeGitHub
    shop: Repo
    bot: Account
    token: str
    selector: str = ""
    accounts: Callable[[Connect], Accounts] | None = None
    check_run: bool = False
    resolve_token: str = ""
    issues_token: str = ""
    real_waits: bool = False
    timeout_s: int = 10
    lists_lag_s: float = 0.0
    waited: list[float] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """The fake, without pauses between writes; drafts rest only where a test says so."""
        return Server(
            api_url=self.hub.api_url,
            web_url=self.hub.origin,
            timeout_s=self.timeout_s,
            writes_apart_s=0.0,
            lists_lag_s=self.lists_lag_s,
        )

    def github(self, longest_wait_s: float = 600.0) -> GitHub:
        """A host with a connection of its own."""

        def connect(auth: Auth.Auth) -> Connection:
            return Connection(
                self.server,
                auth,
                longest_wait_s=longest_wait_s,
                clock=lambda: self.now,
                wait=None if self.real_waits else self._wait,
            )

        made = self.accounts(connect) if self.accounts else None
        account = made or StageAccount(connect(Auth.Token(self.token)))
        return GitHub(
            self.server,
            reading=account,
            posting=account,
            rules=SelectionRules(),
            marker_secret=SECRET,
            check_run=self.check_run,
            resolving=(
                StageAccount(connect(Auth.Token(self.resolve_token)))
                if self.resolve_token
                else None
            ),
        )

    def board(self, longest_wait_s: float = 600.0) -> GitHubIssues:
        """The issues, with the credential for them."""
        return GitHubIssues(
            Connection(
                self.server,
                Auth.Token(self.issues_token),
                longest_wait_s=longest_wait_s,
                clock=lambda: self.now,
                wait=self._wait,
            ),
            secret=SECRET,
            strict_scopes=True,
        )

    def doors(self, ledger: Ledger, plan: Plan) -> Doors:
        """What the next sweep acts through."""
        host = self.host or self.github(plan.longest_pause_s)
        return replace(
            super().doors(ledger, plan),
            hosts={host.name: host, **self.more_hosts},
            issues={host.name: self.board(plan.longest_pause_s)} if self.issues_token else {},
        )

    async def sweep_async(self, **changes: Any) -> Report:
        """One whole sweep inside a running loop."""
        selectors = {self.server.name: (self.selector or self.shop.full_name,)}
        plan = replace(self.plan, **{"selectors": selectors, **changes})
        ledger = Ledger(self.ledger_path)
        doors = self.doors(ledger, plan)
        try:
            return await tick(doors, plan)
        finally:
            ledger.close()
            for door in (*doors.hosts.values(), *doors.issues.values()):
                door.close()

    def sweep_until_quiet(self, **changes: Any) -> Report:
        """Sweeps an hour apart until one has nothing to complain about."""
        for _ in range(6):
            self.now += 3600.0
            self.hub.world.now = max(self.hub.world.now, self.now)
            report = self.sweep(**changes)
            if report.exit_code == 0:
                return report
        raise AssertionError(f"it never came to an end: {[row.error for row in self.rows()]}")

    def pull(self, **fields: Any) -> Pull:
        """An open pull request that changes two lines far apart."""
        return self.hub.world.pull(self.shop, CHANGED, **fields)

    def key(self, pull: Pull, sha: str | None = None) -> HeadKey:
        """The key of its head."""
        full_name = self.hub.world.fresh(self.shop).full_name
        return HeadKey(self.server.name, full_name, str(pull.number), sha or pull.head_sha)

    def debris(self, pull: Pull, body: str = "**No findings.**") -> Review:
        """Our pending review of the present head, as a sweep that died leaves it."""
        signed = f"{body}\n\n{marker(self.key(pull), SECRET)}"
        return reviews.create(self.hub.world, pull, self.bot, body=signed, commit=pull.head_sha)

    def trouble(self, method: str, path: str, fault: Fault, word: str = "", **more: int) -> Trouble:
        """Begin a trouble; it meets what `hub.fail` would meet."""
        made = Trouble(fault, word, **more)
        self.hub.fail(method, path, made, times=100_000)
        return made

    def posted(self, pull: Pull) -> list[Review]:
        """The bot's submitted reviews of a pull request."""
        return [one for one in self.own(pull) if one.state != "PENDING"]

    def pending(self, pull: Pull) -> list[Review]:
        """The bot's drafts."""
        return [one for one in self.own(pull) if one.state == "PENDING"]

    def own(self, pull: Pull) -> list[Review]:
        """All reviews of the bot."""
        seen = self.hub.world.tables.reviews_of(pull, self.bot.id)
        return [one for one in seen if one.author_id == self.bot.id]

    def engine_asked(self) -> list[str]:
        """The commit of each review that was paid for: asked for and not cancelled."""
        assert isinstance(self.engine, CountingEngine)
        return self.engine.answered

    def _wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        self.hub.world.now = max(self.hub.world.now, self.now)
        return False


@contextmanager
def github_stage(root: Path) -> Iterator[GitHubStage]:
    """A stage with one repository; at the end every exchange must fit GitHub's description."""
    spec.graphql_schema()  # takes longer than a client of a test may wait
    with FakeGitHub(root / "hub", now=START) as hub:
        shop = hub.world.repo("acme/shop", FILE)
        bot = hub.world.account("sweeper")
        token = hub.tokens.fine_grained(
            bot, shop.owner, pull_requests="write", contents="read", checks="write"
        )
        (root / "state").mkdir()
        yield GitHubStage(
            root / "state",
            engine=CountingEngine(),
            hub=hub,
            shop=shop,
            bot=bot,
            token=token,
        )
        if spec.path_of(spec.OPENAPI):
            problems = Checker().problems(hub.log)
            assert not problems, "\n".join(problems)
