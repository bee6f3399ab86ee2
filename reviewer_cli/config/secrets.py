"""Secrets by reference: reviewer.toml says where one is, never what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reviewer_cli.errors import AccessRefused, ConfigurationError

OF_GITHUB = ("REVIEWER_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
OF_ENTERPRISE = ("REVIEWER_GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")

REFERENCE = re.compile(r"\$\{(env|file):([^}\s][^}]*)\}")


class Secret:
    """A value that is never printed, compared into a message, copied or pickled by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is: `${env:NAME}` or `${file:PATH}`."""

    kind: str
    place: str

    def __str__(self) -> str:
        return f"${{{self.kind}:{self.place}}}"


def parse_reference(text: str) -> SecretReference:
    """The reference that a setting holds; raises ValueError for anything else.

    The text itself is not repeated in the message: it may be the secret.
    """
    found = REFERENCE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            'a secret is named, not written: "${env:NAME}" or "${file:PATH}"; '
            "if a real one stood here, revoke it"
        )
    return SecretReference(found[1], found[2])


def resolve(reference: SecretReference, environment: Mapping[str, str]) -> Secret:
    """The secret that a reference names.

    Raises AccessRefused when it is not there or empty, ConfigurationError when it cannot be read.
    """
    if reference.kind == "env":
        value = environment.get(reference.place, "")
    else:
        try:
            value = Path(reference.place).expanduser().read_text(encoding="utf-8")
        except FileNotFoundError:
            value = ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The secret {reference} cannot be read ({type(error).__name__})."
            ) from error
    value = value.strip()
    if "\0" in value:
        raise ConfigurationError(f"The secret {reference} is not text; name the right place.")
    if not value:
        raise AccessRefused(
            f"The secret {reference} is not set or empty; put the credential there."
        )
    return Secret(value)


def tokens_for(web_url: str) -> tuple[str, ...]:
    """The variables that hold a token for a GitHub where reviewer.toml names none.

    As GitHub's own command line has it: what is for github.com is sent to no other server.
    """
    host = urlsplit(web_url).hostname or ""
    is_github = host == "github.com" or host.endswith(".ghe.com")
    return OF_GITHUB if is_github else OF_ENTERPRISE


def first_set(names: Sequence[str], environment: Mapping[str, str]) -> Secret:
    """The first of these variables that holds something; raises AccessRefused when none does."""
    for name in names:
        if value := environment.get(name, "").strip():
            return Secret(value)
    raise AccessRefused(
        f"No token for GitHub was found; set {names[0]}, or name its place in reviewer.toml: "
        'github.token = "${file:/run/secrets/github}".'
    )
