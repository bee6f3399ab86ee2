"""The settings of reviewer.toml with their types, units and defaults; unknown keys are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from reviewer_cli.config.addresses import is_safe
from reviewer_cli.config.reference import SecretReference, parse_reference
from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Clean
from reviewer_cli.core.select import SkipRules
from reviewer_cli.ports.engine import Effort

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(value: object) -> object:
    """Durations are written as "90s", "15m", "6h" or "7d"."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('a duration is written as "90s", "15m", "6h" or "7d"')
    return float(found[1]) * UNIT_S[found[2]]


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _pattern(value: str) -> str:
    """A leading `!` negates in a .gitignore, here it would silently match nothing."""
    if value.startswith("!"):
        raise ValueError(
            "a pattern cannot be negated with `!`; name what is meant "
            "(`?` stands for one character, also for a real `!`)"
        )
    return value


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Delay = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
Expression = Annotated[str, AfterValidator(_expression)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Count = Annotated[int, Field(ge=1)]


def _reference(value: object) -> object:
    return parse_reference(str(value))


Reference = Annotated[SecretReference, BeforeValidator(_reference)]

# TOML has lists and strings where the settings have tuples and enumerations: for these alone the
# types may differ.
Names = Annotated[tuple[str, ...], Field(strict=False)]
Patterns = Annotated[tuple[Pattern, ...], Field(strict=False)]
Expressions = Annotated[tuple[Expression, ...], Field(strict=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class SweepTable(_Table):
    """[sweep]"""

    batch_size: Annotated[int, Field(ge=1, le=64)] = 4
    limit: Count = 50
    max_attempts: Count = 3
    first_retry: Duration = 300.0
    longest_retry: Duration = 6 * 3600.0
    longest_pause: Duration = 600.0
    drain: Duration = 30.0


class EngineTable(_Table):
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


class SkipTable(_Table):
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


class DiffTable(_Table):
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


class GitHubTable(_Table):
    """[github]"""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    api_url: str = "https://api.github.com"
    certificate: str | None = None
    token: Reference | None = None
    posting_token: Reference | None = None
    app_id: str | None = None
    private_key: Reference | None = None
    marker_secret: Reference | None = None
    exclude: Patterns = ()
    topics: Names = ()
    archived: bool = False
    forks: bool = True
    check_run: bool = False
    strict_scopes: bool = True
    lists_lag: Delay = 60.0

    @field_validator("api_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname is None or not is_safe(value):
            raise ValueError("an address such as https://api.github.com, by https")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address alone; a token belongs where github.token leads")
        is_enterprise = parts.path.rstrip("/").endswith("/api/v3")
        if not is_enterprise and (parts.path.strip("/") or not parts.hostname.startswith("api.")):
            raise ValueError("the API's, such as https://github.example.com/api/v3")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_identity(self) -> GitHubTable:
        if (self.app_id is None) != (self.private_key is None):
            raise ValueError("github.app_id and github.private_key belong together")
        if self.app_id is not None and self.token is not None:
            raise ValueError(
                "github.token and github.app_id are two identities; keep one, and name another "
                "account for posting with github.posting_token"
            )
        return self

    @property
    def web_url(self) -> str:
        """Where people and git go: github.com for its API, else the server itself."""
        parts = urlsplit(self.api_url)
        host = parts.netloc.removeprefix("api.")
        return f"{parts.scheme}://{host if not parts.path else parts.netloc}"


class PostTable(_Table):
    """[post]"""

    clean: Annotated[Clean, Field(strict=False)] = Clean.COMMENT


class LedgerTable(_Table):
    """[ledger]"""

    keep_findings: Duration = 400 * 86_400.0
    keep_heads: Duration = 400 * 86_400.0


class LocalTable(_Table):
    """[local]"""

    default_branch: str | None = None


class Settings(_Table):
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
    ledger: LedgerTable = LedgerTable()

    @model_validator(mode="after")
    def _deadline_fits(self) -> Settings:
        if self.engine.deadline > UNIT_S["d"]:
            raise ValueError("engine.deadline is longer than a day")
        return self
