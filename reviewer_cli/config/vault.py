"""Secrets in HashiCorp Vault or OpenBao (the KV engine's version 2), through the library hvac."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from reviewer_cli.config.addresses import is_loopback, is_safe
from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError, SecretsOutOfReach
from reviewer_cli.telemetry import SECRETS

if TYPE_CHECKING:
    from hvac import Client

TIMEOUT_S = 10


def field(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The field of `${vault:mount/path#field}`; the mount is the first part of the path.

    The server and the log-in come from VAULT_ADDR, VAULT_CACERT, VAULT_NAMESPACE and VAULT_TOKEN,
    or VAULT_ROLE_ID with VAULT_SECRET_ID. A token that such a log-in made is revoked afterwards.
    """
    try:
        import hvac
    except ImportError as error:
        raise ConfigurationError(
            f"{reference} needs a library, reviewer's extra 'vault'; docs/secrets.md says how to "
            "install it."
        ) from error
    mount, _, rest = reference.place.partition("/")
    path, _, name = rest.partition("#")
    with _answering(reference):
        client = hvac.Client(
            url=_address(environment),
            token="",  # None would make it read ~/.vault-token
            namespace=environment.get("VAULT_NAMESPACE") or None,
            verify=environment.get("VAULT_CACERT") or True,
            timeout=TIMEOUT_S,
            allow_redirects=False,  # the token would travel on to another host
        )
        # No proxy for what stays on this machine.
        client.session.trust_env = not is_loopback(client.url)
        log_out = _log_in(client, environment)
        try:
            answer = client.secrets.kv.v2.read_secret_version(
                path, mount_point=mount, raise_on_deleted_version=True
            )
        finally:
            log_out()
            client.adapter.close()
        return _text(answer, name)


def _address(environment: Mapping[str, str]) -> str:
    address = environment.get("VAULT_ADDR", "")
    if not is_safe(address):
        raise ConfigurationError(
            "VAULT_ADDR must name the server by https, such as https://vault.example.com:8200."
        )
    return address


def _log_in(client: Client, environment: Mapping[str, str]) -> Callable[[], None]:
    """Give the client its token; the answer ends what was begun here."""
    token = environment.get("VAULT_TOKEN", "").strip()
    role, secret = (environment.get(f"VAULT_{name}_ID", "").strip() for name in ("ROLE", "SECRET"))
    if token:
        SECRETS.add(token)
        client.token = token
        return lambda: None
    if not (role and secret):
        raise AccessRefused(
            "There is no log-in for Vault; set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID."
        )
    SECRETS.add(secret)
    client.auth.approle.login(role, secret)
    SECRETS.add(client.token)
    return lambda: _revoke(client)


def _revoke(client: Client) -> None:
    from hvac.exceptions import VaultError
    from requests import RequestException

    # It ends by itself soon; the secret that was read with it is what counts.
    with suppress(VaultError, RequestException):
        client.auth.token.revoke_self()


def _text(answer: Any, name: str) -> str:
    value = answer["data"]["data"].get(name, "")
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


@contextmanager
def _answering(reference: SecretReference) -> Iterator[None]:
    """Translate what Vault and the way to it can fail with; no message of theirs is repeated."""
    from hvac import exceptions
    from requests import RequestException
    from requests.exceptions import SSLError

    try:
        yield
    except exceptions.InvalidPath:
        raise AccessRefused(
            f"Vault has nothing at {reference}; write the secret there, or mend the path (the "
            "mount must be a KV engine of version 2)."
        ) from None
    except (exceptions.Forbidden, exceptions.Unauthorized, exceptions.InvalidRequest) as error:
        raise AccessRefused(
            f"Vault refuses {reference} ({type(error).__name__}): the log-in is wrong, expired or "
            "revoked, or its policy does not allow reading this path."
        ) from error
    except SSLError as error:
        raise ConfigurationError(
            "The certificate of VAULT_ADDR is not trusted; let VAULT_CACERT name the authority's."
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"Vault's answer for {reference} holds no such text; mend the field's name, and let "
            "VAULT_ADDR name a Vault."
        ) from error
    except (exceptions.VaultError, RequestException) as error:
        raise SecretsOutOfReach(
            f"Vault does not answer for {reference} ({type(error).__name__}): it is sealed, "
            "overloaded or out of reach; a later sweep asks again."
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"The file of VAULT_CACERT cannot be read ({type(error).__name__}); name the "
            "certificate of Vault's authority."
        ) from error
