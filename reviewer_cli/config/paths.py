"""Where state and cache live, and the check that a state directory is ours alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from reviewer_cli.errors import ConfigurationError


def state_dir(configured: str | None, environment: Mapping[str, str]) -> Path:
    """$REVIEWER_STATE_DIR, the setting, or reviewer/ in the XDG state directory."""
    return _directory(
        "REVIEWER_STATE_DIR", configured, environment, "XDG_STATE_HOME", ".local/state"
    )


def cache_dir(configured: str | None, environment: Mapping[str, str]) -> Path:
    """$REVIEWER_CACHE_DIR, the setting, or reviewer/ in the XDG cache directory."""
    return _directory("REVIEWER_CACHE_DIR", configured, environment, "XDG_CACHE_HOME", ".cache")


def of_environment(shared: Path, name: str | None, own: str | None) -> Path:
    """Where an environment keeps what the base settings keep in `shared`: below it, or in its own.

    The name `env` between them keeps an environment's name from meeting that of a file there.
    """
    if name is None:
        return shared
    return Path(os.path.expanduser(own)).absolute() if own else shared / "env" / name


def private(path: Path) -> Path:
    """Make the directory if need be, and refuse one that others could have prepared for us.

    Raises ConfigurationError when it is a link, belongs to another user or is open to others.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = path.lstat()
    except OSError as error:
        raise ConfigurationError(
            f"The directory {path} cannot be made ({error.strerror}); set state_dir or cache_dir."
        ) from error
    if stat.S_ISLNK(found.st_mode):
        raise ConfigurationError(f"{path} is a link; name the directory itself.")
    if found.st_uid != os.geteuid():
        raise ConfigurationError(f"{path} belongs to another user; name a directory of your own.")
    if found.st_mode & 0o077:
        raise ConfigurationError(f"{path} is open to others; run: chmod 700 {path}")
    return path


def _directory(
    variable: str,
    configured: str | None,
    environment: Mapping[str, str],
    base_variable: str,
    base: str,
) -> Path:
    chosen = environment.get(variable) or configured
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    home = environment.get(base_variable) or os.path.join(os.path.expanduser("~"), base)
    return Path(home) / "reviewer"
