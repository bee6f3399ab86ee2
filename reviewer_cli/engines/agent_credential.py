"""How the model is reached: which credential is used, and what of it enters the agent's process.

With a key, a token or a subscription the process gets none: `model_proxy` adds it to each request.
Amazon Bedrock and Google Vertex want each request signed by who sends it, so there the process
holds the cloud's own variables and an open network. That is the weaker arrangement, and is logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reviewer_cli.errors import AccessRefused, ConfigurationError

API_KEY, SUBSCRIPTION, BEARER = (
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "ANTHROPIC_AUTH_TOKEN",
)
BASE_URL, CUSTOM_HEADERS = "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS"
BEDROCK, VERTEX = "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"

# Any one set of these is a way to reach a model; the first that is there is taken. A cloud is
# switched on explicitly, and the agent program itself lets it win over a key.
CREDENTIALS = ((BEDROCK,), (VERTEX,), (API_KEY,), (SUBSCRIPTION,), (BEARER, BASE_URL))

PROVIDER = "https://api.anthropic.com"
SECRET_NAME = re.compile(r"auth|cookie|credential|key|pass|secret|token", re.IGNORECASE)
LOCAL = ("127.0.0.1", "::1", "localhost")
SUBSCRIPTION_SHAPE = "sk-ant-oat"  # what `claude setup-token` prints
SUBSCRIPTION_BETA = "oauth-2025-04-20"  # as the agent program 2.1.330 sends it

CLOUD_PREFIXES = {
    BEDROCK: ("AWS_", "ANTHROPIC_", BEDROCK, "CLAUDE_CODE_SKIP_BEDROCK"),
    VERTEX: ("GOOGLE_", "VERTEX_", "CLOUD_ML_", "ANTHROPIC_", VERTEX, "CLAUDE_CODE_SKIP_VERTEX"),
}
CLOUD_NAMES = frozenset(
    {
        *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
        *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    }
)
CLOUD_FILES = (
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CA_BUNDLE", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What reaches the provider at `base_url`; `variable` is the agent program's name for it.

    `added` are the headers that the operator wants on every request.
    """

    variable: str
    value: str = field(repr=False)
    base_url: str
    added: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secrets(self) -> tuple[str, ...]:
        """The values that must be seen by nobody but the provider.

        Of the operator's headers those whose name says so: a team's name is no secret.
        """
        hidden = (value for name, value in self.added.items() if SECRET_NAME.search(name))
        return (self.value, *hidden)

    def headers(self, betas: str) -> dict[str, str]:
        """What is laid over a request's own headers, of whose `anthropic-beta` it is told."""
        headers = {**self.added}
        if self.variable == API_KEY:
            return headers | {"x-api-key": self.value}
        if self.variable == SUBSCRIPTION and SUBSCRIPTION_BETA not in betas:
            headers["anthropic-beta"] = ",".join(filter(None, (betas, SUBSCRIPTION_BETA)))
        return headers | {"authorization": f"Bearer {self.value}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A provider that the agent's process signs in to by itself, with all that this takes."""

    switch: str
    variables: Mapping[str, str] = field(repr=False)
    files: tuple[Path, ...] = ()

    def secrets(self) -> tuple[str, ...]:
        """The values that must not be shown; a file's path is none, a change may well name it."""
        secret = ("KEY", "TOKEN", "SECRET", "PASSWORD", "HEADERS")
        return tuple(
            value
            for name, value in self.variables.items()
            if name not in CLOUD_FILES and any(map(name.upper().count, secret))
        )


def provider(
    environment: Mapping[str, str], *, key: str = "", base_url: str = ""
) -> Credential | Cloud:
    """The provider that is set up: the key and the address of the settings, or the environment's.

    Raises AccessRefused without a credential, ConfigurationError for an address that is not https,
    which only loopback need not be.
    """
    sets = (names for names in CREDENTIALS if all(map(environment.get, names)))
    variable = next((names[0] for names in sets), "")
    if not key and variable in CLOUD_PREFIXES:
        return _cloud(variable, environment)
    value = key or environment.get(variable, "").strip()
    if not value:
        raise AccessRefused(
            "No credential for the model was found; set ANTHROPIC_API_KEY (or "
            "CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_AUTH_TOKEN with ANTHROPIC_BASE_URL, "
            "CLAUDE_CODE_USE_BEDROCK or CLAUDE_CODE_USE_VERTEX) or engine.key in reviewer.toml, "
            "or use --engine offline, which needs none."
        )
    if key:
        variable = SUBSCRIPTION if key.startswith(SUBSCRIPTION_SHAPE) else API_KEY
    if not value.isascii() or not value.isprintable():
        raise ConfigurationError(
            "The model's credential holds characters that no key has; store it anew, in one line."
        )
    return Credential(
        variable=variable,
        value=value,
        base_url=_safe(base_url or environment.get(BASE_URL) or PROVIDER),
        added=dict(_headers(environment.get(CUSTOM_HEADERS, "").splitlines())),
    )


def _safe(address: str) -> str:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in LOCAL
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ConfigurationError(
            "The address of the model's provider is not https; correct engine.base_url or "
            f"{BASE_URL} (http is for loopback alone)."
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            f"The address of the model's provider holds more than an address; put its credential "
            f"into engine.key or {API_KEY}."
        )
    return address.rstrip("/")


def _headers(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """`Name: value`, as the agent program reads this variable; names in lower case."""
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            yield name.strip().lower(), value.strip()


def _cloud(switch: str, environment: Mapping[str, str]) -> Cloud:
    prefixes = CLOUD_PREFIXES[switch]
    taken = {
        name: value
        for name, value in environment.items()
        if value
        and name not in (API_KEY, SUBSCRIPTION)
        and (name in CLOUD_NAMES or name.startswith(prefixes))
    }
    files = tuple(Path(taken[name]) for name in CLOUD_FILES if taken.get(name))
    return Cloud(switch=switch, variables=taken, files=files)
