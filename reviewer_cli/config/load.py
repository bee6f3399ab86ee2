"""Finding reviewer.toml and reading it, with a sentence for each thing that is wrong in it."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reviewer_cli.config import paths
from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import ConfigurationError, UsageError

FILE_NAME = "reviewer.toml"
ENVIRONMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
DIRECTORIES = ("state_dir", "cache_dir")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The tables of [env.NAME] over those of the base.

    Its state_dir and cache_dir are only those that it names itself.
    """

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings and the file they came from; `path` is None for plain defaults.

    `environment` is the chosen one's name, None for the base settings; `others` are the other
    ones of the file. `base_state_dir` and `base_cache_dir` are what the base names, as written.
    """

    settings: Settings
    path: Path | None
    environment: str | None = None
    others: tuple[Environment, ...] = ()
    base_state_dir: str | None = None
    base_cache_dir: str | None = None

    def shared_state_dir(self, environment: Mapping[str, str]) -> Path:
        """The state directory of the base settings, below which environments keep theirs."""
        return paths.state_dir(self.base_state_dir, environment)

    def directories(self, environment: Mapping[str, str]) -> tuple[Path, Path]:
        """Where this configuration keeps its state and its cache."""
        if self.environment is None:
            return (
                paths.state_dir(self.settings.state_dir, environment),
                paths.cache_dir(self.settings.cache_dir, environment),
            )
        chosen = Environment(name=self.environment, settings=self.settings)
        return self.directories_of(chosen, environment)

    def directories_of(self, one: Environment, environment: Mapping[str, str]) -> tuple[Path, Path]:
        """Where an environment of this file keeps its state and its cache."""
        cache = paths.cache_dir(self.base_cache_dir, environment)
        return (
            paths.of_environment(
                self.shared_state_dir(environment), one.name, one.settings.state_dir
            ),
            paths.of_environment(cache, one.name, one.settings.cache_dir),
        )

    @property
    def repositories(self) -> tuple[str, ...]:
        """The configured repositories; relative paths count from the file's directory."""
        here = self.path.parent if self.path else Path.cwd()
        return tuple(
            str(here / one) if one in (".", "..") or one.startswith(("./", "../")) else one
            for one in self.settings.repositories
        )


def load(explicit: Path | None, environment: Mapping[str, str], name: str | None = None) -> Loaded:
    """The settings of the first file that exists: as given, $REVIEWER_CONFIG, here, the user's.

    `name`, else $REVIEWER_ENV, chooses one of the file's environments; without either the base
    settings count. Raises UsageError for an environment that is not there, ConfigurationError for
    a named file that is missing, for one that nobody named and that may be a stranger's, and for
    anything in a file that is not understood, in whatever environment; an unknown key is never
    passed over.
    """
    if name is None:
        name = environment.get("REVIEWER_ENV") or None
    path = explicit or _from_environment(environment)
    if path is not None and not _is_file(path):
        raise ConfigurationError(f"There is no configuration file {path}; check its name.")
    path = path or _found(environment)
    if path is None:
        return _chosen({}, None, name)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    return _chosen(data, path, name)


def _chosen(data: dict[str, Any], path: Path | None, name: str | None) -> Loaded:
    tables = data.pop("env", {})
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise ConfigurationError(f"{path}: an environment is a table, such as [env.staging].")
    shared = {key: value for key, value in data.items() if key not in DIRECTORIES}
    environments = {
        one: Environment(name=one, settings=_settings(_overlaid(shared, table), path, one))
        for one, table in tables.items()
    }
    absolute = path.absolute() if path else None
    if name is None:
        return Loaded(settings=_settings(data, path, None), path=absolute)
    chosen = environments.pop(name, None)
    if chosen is None:
        known = f"known are {', '.join(tables)}" if tables else "there is none"
        raise UsageError(f"There is no environment {name!r}; {known}.")
    base = _settings({key: data[key] for key in DIRECTORIES if key in data}, path, None)
    return Loaded(
        settings=chosen.settings,
        path=absolute,
        environment=name,
        others=tuple(environments.values()),
        base_state_dir=base.state_dir,
        base_cache_dir=base.cache_dir,
    )


def _overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables are laid over one another key by key; everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            merged[key] = _overlaid(under, value)
        else:
            merged[key] = value
    return merged


def _settings(data: dict[str, Any], path: Path | None, environment: str | None) -> Settings:
    if environment is not None and not ENVIRONMENT_NAME.fullmatch(environment):
        raise ConfigurationError(
            f"{path}: an environment's name is letters, digits, - and _, not {environment!r}."
        )
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        if environment is None:
            raise ConfigurationError(f"{path}: {_explained(error, ['env'])}") from None
        raise ConfigurationError(
            f"{path}: [env.{environment}] over the base: {_explained(error, [])}"
        ) from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be looked at: {error.strerror}.") from error


def _from_environment(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("REVIEWER_CONFIG")
    return Path(os.path.expanduser(named)) if named else None


def _found(environment: Mapping[str, str]) -> Path | None:
    """The first file that nobody named; raises ConfigurationError for one that may be a stranger's.

    A file decides where tokens are sent and which commands give secrets: one that lies in a
    repository may have come with it.
    """
    here = Path(FILE_NAME)
    if _is_file(here):
        if any(os.path.lexists(place / ".git") for place in (Path.cwd(), *Path.cwd().parents)):
            raise ConfigurationError(
                f"{here.absolute()} lies in a git repository, whose authors could decide with it "
                f"what runs here and where tokens go; if it is yours, name it: --config {here}"
            )
        return here
    home = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    places = (Path(home) / "reviewer" / FILE_NAME, Path("/etc/xdg/reviewer") / FILE_NAME)
    return next((one for one in places if _is_file(one)), None)


def _explained(error: ValidationError, tables: Sequence[str]) -> str:
    """One sentence about the first problem; the rejected value itself is not repeated."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        said = first["msg"].removeprefix("Value error, ")
        return f"{place}: {said}." if place else f"{said}."
    key = str(first["loc"][-1])
    at_top = len(first["loc"]) == 1
    known = [*_known_keys(first["loc"][:-1]), *(tables if at_top else ())]
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}."
    return f"unknown key {place!r}; {hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in location:
        if str(part) not in model.model_fields:
            continue  # a name that a person gave a table, such as [notify.team]
        inner = model.model_fields[str(part)].annotation
        if get_origin(inner) is dict:
            inner = get_args(inner)[1]
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
