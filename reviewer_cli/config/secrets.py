"""Secrets by reference: reviewer.toml says where one is, never what it is."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

from reviewer_cli.config import aws, commands, system_keyring, variables, vault
from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError
from reviewer_cli.telemetry import SECRETS

OF_GITHUB = ("REVIEWER_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
OF_ENTERPRISE = ("REVIEWER_GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")

LONGEST = 64 << 10
"""Characters of a secret; the longest PEM keys have some thousand."""

NO_TEXT = re.compile("[\0\ud800-\udfff]")

Resolver = Callable[[SecretReference, Mapping[str, str]], str]

#: Each finds the text at a place and answers "" when nothing is there.
RESOLVERS: Mapping[str, Resolver] = {
    "env": variables.variable,
    "file": variables.file,
    "cred": variables.credential,
    "cmd": commands.output,
    "vault": vault.field,
    "keyring": system_keyring.password,
    "aws": aws.value,
}


class Secret:
    """A value that is never printed, compared into a message, copied or pickled by accident.

    To make one is to tell the log and every posted text to blank it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        SECRETS.add(value)

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    # A hash of the value would outlive it in tables, and is not made in constant time.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bytes__(self) -> NoReturn:
        raise TypeError("a secret is revealed, not converted")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    __getstate__ = __reduce__


def resolve(reference: SecretReference, environment: Mapping[str, str]) -> Secret:
    """The secret that a reference names.

    Raises AccessRefused when it is not there, empty or denied, ConfigurationError when it cannot
    be read as it is named, SecretsOutOfReach when what keeps it does not answer now.
    """
    value = RESOLVERS[reference.kind](reference, environment).strip()
    if not value:
        raise AccessRefused(
            f"The secret {reference} is not set or empty; put the credential there."
        )
    if NO_TEXT.search(value) or len(value) > LONGEST:
        raise ConfigurationError(
            f"The secret {reference} is not text of at most 64 kB; name the right place."
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
