"""Finding reviewer.toml and reading it, with a sentence for each thing that is wrong in it."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import ConfigurationError

FILE_NAME = "reviewer.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings and the file they came from; `path` is None for plain defaults."""

    settings: Settings
    path: Path | None

    @property
    def repositories(self) -> tuple[str, ...]:
        """The configured repositories; relative paths count from the file's directory."""
        here = self.path.parent if self.path else Path.cwd()
        return tuple(
            str(here / one) if one in (".", "..") or one.startswith(("./", "../")) else one
            for one in self.settings.repositories
        )


def load(explicit: Path | None, environment: Mapping[str, str]) -> Loaded:
    """The settings of the first file that exists: as given, $REVIEWER_CONFIG, here, the user's.

    Raises ConfigurationError for a named file that is missing, and for anything in a file that
    is not understood; an unknown key is never passed over.
    """
    path = explicit or _from_environment(environment)
    if path is not None and not _is_file(path):
        raise ConfigurationError(f"There is no configuration file {path}; check its name.")
    path = path or next((one for one in _usual_places(environment) if _is_file(one)), None)
    if path is None:
        return Loaded(settings=Settings(), path=None)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return Loaded(settings=Settings.model_validate(data), path=path.absolute())
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_explained(error)}") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be looked at: {error.strerror}.") from error


def _from_environment(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("REVIEWER_CONFIG")
    return Path(os.path.expanduser(named)) if named else None


def _usual_places(environment: Mapping[str, str]) -> list[Path]:
    home = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return [
        Path(FILE_NAME),
        Path(home) / "reviewer" / FILE_NAME,
        Path("/etc/xdg/reviewer") / FILE_NAME,
    ]


def _explained(error: ValidationError) -> str:
    """One sentence about the first problem; the rejected value itself is not repeated."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        said = first["msg"].removeprefix("Value error, ")
        return f"{place}: {said}." if place else f"{said}."
    key = str(first["loc"][-1])
    known = _known_keys(first["loc"][:-1])
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}."
    return f"unknown key {place!r}; {hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in location:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
