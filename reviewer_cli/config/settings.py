"""The settings of reviewer.toml with their types, units and defaults; unknown keys are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from reviewer_cli.config.addresses import is_safe
from reviewer_cli.config.digest_table import DigestTable, NotifyTables
from reviewer_cli.config.github_table import GitHubTable
from reviewer_cli.config.table import (
    UNIT_S,
    Count,
    Delay,
    Duration,
    Expressions,
    Names,
    Patterns,
    Reference,
    Table,
)
from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Clean
from reviewer_cli.core.select import SkipRules
from reviewer_cli.ports.engine import Effort


class SweepTable(Table):
    """[sweep]"""

    batch_size: Annotated[int, Field(ge=1, le=64)] = 4
    limit: Count = 50
    max_attempts: Count = 3
    first_retry: Duration = 300.0
    longest_retry: Duration = 6 * 3600.0
    longest_pause: Duration = 600.0
    drain: Duration = 30.0


class EngineTable(Table):
    """[engine]"""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: Literal["agent", "offline"] = "agent"
    effort: Annotated[Effort, Field(strict=False)] = Effort.STANDARD
    model: str = "claude-sonnet-5"
    max_turns: Count = 60
    max_usd: Annotated[float, Field(gt=0)] = 2.0
    deadline: Duration = 900.0
    evidence: bool = True
    key: Reference | None = None
    base_url: str | None = None

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is not None and not is_safe(value):
            raise ValueError("an address such as https://api.anthropic.com, by https")
        return value


class SkipTable(Table):
    """[skip]"""

    drafts: bool = True
    bots: bool = True
    authors: Patterns = ()
    labels: Patterns = ()
    titles: Expressions = ()
    bases: Patterns = ()
    only_bases: Patterns = ()
    paths: Patterns = ()
    max_files: Count | None = None
    max_changed_lines: Count | None = None

    def rules(self) -> SkipRules:
        """The rules as the core knows them."""
        return SkipRules(**dict(self))


ENGINE_LIMITS = {
    "agent": DiffLimits(max_files=300, max_diff_bytes=512 << 10),
    "offline": DiffLimits(max_files=5_000, max_diff_bytes=16 << 20),
}


class DiffTable(Table):
    """[diff]"""

    ignore: Patterns = ()
    max_files: Count | None = None
    max_file_bytes: Count | None = None
    max_line_bytes: Annotated[int, Field(ge=80)] | None = None
    max_diff_bytes: Count | None = None

    def limits(self, engine: str) -> DiffLimits:
        """What is set, over what suits the engine: a model's window is smaller than a machine's."""
        chosen = {name: value for name, value in self if value is not None}
        return replace(ENGINE_LIMITS[engine], **chosen)


class PostTable(Table):
    """[post]"""

    clean: Annotated[Clean, Field(strict=False)] = Clean.COMMENT


class RoundsTable(Table):
    """[rounds]"""

    settle: Delay = 600.0
    max_rounds: Count = 20
    feedback: Duration = 6 * 3600.0
    watch: Delay = 30 * 86_400.0
    mentions: Names = ()


class LedgerTable(Table):
    """[ledger]"""

    keep_findings: Duration = 400 * 86_400.0
    keep_heads: Duration = 400 * 86_400.0


class LocalTable(Table):
    """[local]"""

    default_branch: str | None = None


class Settings(Table):
    """The whole file."""

    repositories: Names = ()
    state_dir: str | None = None
    cache_dir: str | None = None
    sandbox: Literal["auto", "bubblewrap", "landlock", "none"] = "auto"
    sweep: SweepTable = SweepTable()
    engine: EngineTable = EngineTable()
    skip: SkipTable = SkipTable()
    diff: DiffTable = DiffTable()
    local: LocalTable = LocalTable()
    github: GitHubTable = GitHubTable()
    post: PostTable = PostTable()
    rounds: RoundsTable = RoundsTable()
    ledger: LedgerTable = LedgerTable()
    digest: DigestTable = DigestTable()
    notify: NotifyTables = Field(default_factory=dict)

    @model_validator(mode="after")
    def _deadline_fits(self) -> Settings:
        if self.engine.deadline > UNIT_S["d"]:
            raise ValueError("engine.deadline is longer than a day")
        return self

    @model_validator(mode="after")
    def _issues_have_a_credential(self) -> Settings:
        if (self.digest.repository_issues or self.digest.central_issue) and (
            self.github.issues_token is None
        ):
            raise ValueError(
                "digest.repository_issues and digest.central_issue take a credential of their own; "
                "make a token with issues: read and write and nothing more, and name it in "
                "github.issues_token"
            )
        return self
