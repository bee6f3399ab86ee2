"""That environments stay apart: no two of them hold one credential, a ledger or a cache.

A leak in staging must not touch production. Credentials are compared by keyed hashes, which the
runs of all environments leave below the shared state directory; no value is ever stored.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from reviewer_cli.config.load import Loaded
from reviewer_cli.config.paths import private
from reviewer_cli.config.reference import SecretReference
from reviewer_cli.config.secrets import Secret, first_set, resolve, tokens_for
from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import AccessRefused, ConfigurationError, SecretsOutOfReach

FOLDER = "fingerprints"
KEY_BYTES = 32
OF_ENGINE = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""What the agent is let in with where engine.key names nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fingerprint:
    """That a setting of an environment leads to the credential with this keyed hash."""

    environment: str
    setting: str
    mark: str


def keep_apart(loaded: Loaded, environment: Mapping[str, str]) -> None:
    """Refuse to run beside an environment that shares something, and remember what this one holds.

    Does nothing where no environment is chosen. Raises ConfigurationError with the names of both
    environments and settings, never with a value.
    """
    if loaded.environment is None:
        return
    shared = private(loaded.shared_state_dir(environment))
    folder = private(shared / FOLDER)
    with _usable(folder):
        own = _examined(loaded, environment, folder, _key(folder) or _new_key(folder))
        _remember(folder / f"{loaded.environment}.json", loaded.settings, own)


def refuse_shared(loaded: Loaded, environment: Mapping[str, str]) -> None:
    """The same refusal, for what may change nothing: it remembers nothing."""
    if loaded.environment is None:
        return
    folder = loaded.shared_state_dir(environment) / FOLDER
    with _usable(folder):
        _examined(loaded, environment, folder, _key(folder) or secrets.token_bytes(KEY_BYTES))


def named_secrets(settings: Settings) -> Iterator[tuple[str, SecretReference]]:
    """Every setting that names a secret, such as `github.token`, and the reference in it."""
    for table, content in settings:
        tables = content.items() if isinstance(content, Mapping) else (("", content),)
        for inner, values in tables:
            for name, value in values if isinstance(values, BaseModel) else ():
                if isinstance(value, SecretReference):
                    yield ".".join(filter(None, (table, inner, name))), value


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be used ({error.strerror}); make room and let this user write there."
        ) from error


def _examined(
    loaded: Loaded, environment: Mapping[str, str], folder: Path, key: bytes
) -> Sequence[_Fingerprint]:
    """The fingerprints of this environment, when no other one has any of them."""
    _refuse_shared_directories(loaded, environment)
    name = str(loaded.environment)
    own = [
        _fingerprint(key, name, setting, secret)
        for setting, secret in (
            *_named(loaded.settings, environment),
            *_unnamed(loaded.settings, environment),
        )
    ]
    known = [
        _fingerprint(key, other.name, setting, secret)
        for other in loaded.others
        for setting, secret in _named(other.settings, environment)
    ]
    _refuse_same(own, known, "give each its own")
    stale = f"give each its own, or delete its file in {folder} if it has another by now"
    _refuse_same(own, _remembered(folder, name), stale)
    return own


def _refuse_same(own: Sequence[_Fingerprint], others: Iterable[_Fingerprint], mend: str) -> None:
    for there in others:
        for here in own:
            if here.mark == there.mark:
                raise ConfigurationError(
                    f"The environments {here.environment} and {there.environment} use one "
                    f"credential ({here.setting} here, {there.setting} there); {mend}."
                )


def _refuse_shared_directories(loaded: Loaded, environment: Mapping[str, str]) -> None:
    here = loaded.directories(environment)
    for other in loaded.others:
        there = loaded.directories_of(other, environment)
        if shared := set(here) & set(there):
            raise ConfigurationError(
                f"The environments {loaded.environment} and {other.name} use one directory "
                f"({min(shared)}); leave state_dir and cache_dir of environments out, or name four "
                "different ones."
            )


def _named(settings: Settings, environment: Mapping[str, str]) -> Iterator[tuple[str, Secret]]:
    """Every setting that names a secret which can be had here; use alone tells why one cannot."""
    for setting, reference in named_secrets(settings):
        with suppress(AccessRefused, ConfigurationError, SecretsOutOfReach):
            yield setting, resolve(reference, environment)


def _unnamed(settings: Settings, environment: Mapping[str, str]) -> Iterator[tuple[str, Secret]]:
    """What this process holds in variables that count where the settings name nothing."""
    named = {setting for setting, _ in named_secrets(settings)}
    if not named & {"github.token", "github.private_key"}:
        with suppress(AccessRefused):
            yield "github.token", first_set(tokens_for(settings.github.web_url), environment)
    if "engine.key" not in named:
        with suppress(AccessRefused):
            yield "engine.key", first_set(OF_ENGINE, environment)


def _fingerprint(key: bytes, environment: str, setting: str, secret: Secret) -> _Fingerprint:
    mark = hmac.digest(key, secret.reveal().encode(), "sha256").hex()
    return _Fingerprint(environment=environment, setting=setting, mark=mark)


def _remembered(folder: Path, name: str) -> Iterator[_Fingerprint]:
    """What earlier runs of other environments left."""
    for path in sorted(folder.glob("*.json")):
        if path.stem != name:
            for setting, mark in _read(path).items():
                yield _Fingerprint(environment=path.stem, setting=setting, mark=mark)


def _remember(path: Path, settings: Settings, own: Sequence[_Fingerprint]) -> None:
    """Write this environment's fingerprints; one that cannot be had now stays as it was."""
    before = _read(path) if path.exists() else {}
    named = {setting for setting, _ in named_secrets(settings)}
    kept = {setting: mark for setting, mark in before.items() if setting in named}
    now = kept | {one.setting: one.mark for one in own}
    if now != before:
        _written_beside(path, json.dumps(now, indent=2).encode()).replace(path)


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(mark, str) for mark in found.values()):
        raise ConfigurationError(f"{path} is damaged; delete it, the next run makes it anew.")
    return found


def _key(folder: Path) -> bytes | None:
    """The key of all hashes in the folder, None before there are any."""
    path = folder / "key"
    if path.exists():
        return path.read_bytes()
    if any(folder.glob("*.json")):
        raise ConfigurationError(
            f"The key to the fingerprints is gone from {folder}; delete the whole directory."
        )
    return None


def _new_key(folder: Path) -> bytes:
    """The key, made by whoever comes first."""
    path = folder / "key"
    made = _written_beside(path, secrets.token_bytes(KEY_BYTES))
    with suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
    return path.read_bytes()


def _written_beside(path: Path, content: bytes) -> Path:
    """A file (0600) with this content, to be moved to its place whole."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with open(handle, "wb") as file:
        file.write(content)
    return Path(name)
