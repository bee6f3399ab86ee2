"""Secrets in the keyring of the session or machine, through the library keyring."""

from __future__ import annotations

from collections.abc import Mapping

from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError


def password(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The password of `${keyring:service/name}`.

    The library chooses the backend by its own settings, $PYTHON_KEYRING_BACKEND among them.
    """
    try:
        import keyring
        from keyring.errors import KeyringLocked, NoKeyringError
    except ImportError as error:
        raise ConfigurationError(
            f"{reference} needs a library, reviewer's extra 'keyring'; docs/secrets.md says how to "
            "install it."
        ) from error
    service, _, name = reference.place.partition("/")
    try:
        return keyring.get_password(service, name) or ""
    except NoKeyringError as error:
        raise ConfigurationError(
            f"There is no keyring for {reference} here; a schedule has no desktop session, so set "
            "PYTHON_KEYRING_BACKEND or keep the secret elsewhere."
        ) from error
    except KeyringLocked as error:
        raise AccessRefused(f"The keyring of {reference} is locked; unlock it.") from error
    except Exception as error:
        # A backend is a plug-in that fails in its own way.
        raise ConfigurationError(
            f"The keyring of {reference} cannot be read ({type(error).__name__}); try "
            f"`keyring get {service} {name}` as this user."
        ) from error
