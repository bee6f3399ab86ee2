"""What an examination says of the model's credential: whether the provider takes it."""

from __future__ import annotations

import asyncio

import aiohttp

from reviewer_cli.core.health import Sign, amber, green, red
from reviewer_cli.engines.agent_credential import Credential
from reviewer_cli.engines.model_upstream import REFUSED, Upstream
from reviewer_cli.errors import AccessRefused

SUBJECT = "model"


def credential(chosen: Credential) -> Sign:
    """Ask the provider for its list of models; nothing is said of whether any of them answers."""
    try:
        status = asyncio.run(Upstream(chosen).status())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        said = f"{chosen.base_url} cannot be reached: {_reason(error)}"
        return red(SUBJECT, said, "check that address, the proxy and the certificates")
    if status in REFUSED:
        return red(
            SUBJECT,
            f"{chosen.base_url} refuses the credential ({status})",
            "make a new one; engine.key or the environment leads to it",
            exit_code=AccessRefused.exit_code,
        )
    if status == 200:
        return green(SUBJECT, f"{chosen.base_url} takes the credential")
    return amber(
        SUBJECT,
        f"{chosen.base_url} answered with {status}: whether it takes the credential will show",
        "nothing, if it is a gateway without a list of models",
    )


def _reason(error: Exception) -> str:
    """Its kind in words: the message itself may name a proxy of the operator's."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "nobody knows its name"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or "no connection").lower()
    return type(error).__name__
