"""The tables [digest] and [notify.NAME]: when a digest is made, and who gets it."""

from __future__ import annotations

import re
from datetime import tzinfo
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator

from reviewer_cli.config.table import Reference, Table
from reviewer_cli.digest.due import At, parse_at
from reviewer_cli.digest.zones import zone_called

SUFFIXES = (".html", ".htm", ".md", ".markdown", ".json")
PLACEHOLDER = re.compile(r"\{[^}]*\}")
PLACEHOLDERS = ("{week}", "{format}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def _zone(value: str) -> str:
    zone_called(value)
    return value


def _moment(value: str) -> str:
    parse_at(value)
    return value


class DigestTable(Table):
    """[digest]"""

    enabled: bool = False
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    at: Annotated[str, AfterValidator(_moment)] = "mon 07:00"
    coverage: bool = True
    titles: Literal["own", "all", "none"] = "own"
    words: bool = False
    repository_issues: bool = False
    central_issue: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    file: str | None = None

    @field_validator("file")
    @classmethod
    def _is_a_place(cls, value: str | None) -> str | None:
        if value is None:
            return None
        unknown = set(PLACEHOLDER.findall(value)) - set(PLACEHOLDERS)
        if unknown or not value.endswith(("{format}", *SUFFIXES)):
            raise ValueError(
                "a path that ends with .html, .md, .json or .{format}, such as "
                '"~/digests/{week}.html"'
            )
        if not PurePath(value).is_absolute() and not value.startswith("~/"):
            raise ValueError("a whole path, since sweeps start in any directory; ~/ is your home")
        return value

    @property
    def zone(self) -> tzinfo:
        """The time zone of weeks and days."""
        return zone_called(self.timezone)

    @property
    def moment(self) -> At:
        """When a week's digest goes out."""
        return parse_at(self.at)


class NotifyTable(Table):
    """[notify.NAME]"""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    url: Reference
    format: Literal["markdown", "html", "text"] | None = None
    attach: bool = False


def _named(value: dict[str, NotifyTable]) -> dict[str, NotifyTable]:
    if odd := [name for name in value if not NAME.fullmatch(name)]:
        raise ValueError(f"a channel's name is letters, digits, - and _, not {odd[0]!r}")
    return value


NotifyTables = Annotated[dict[str, NotifyTable], AfterValidator(_named)]
