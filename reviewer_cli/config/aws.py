"""Secrets in AWS Secrets Manager, through the library boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reviewer_cli.config.addresses import is_safe
from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError, SecretsOutOfReach

TIMEOUT_S = 10
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER")

#: https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html, and those of
#: GetSecretValue that more waiting mends.
PASSING = ("InternalFailure", "InternalServiceError", "ServiceUnavailable", "ThrottlingException")


def value(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The text of `${aws:NAME}`, or of `${aws:NAME#field}` when it is a JSON object.

    Who we are there, and in which region, boto3 finds by its own rules.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ConfigurationError(
            f"{reference} needs a library, reviewer's extra 'aws'; docs/secrets.md says how to "
            "install it."
        ) from error
    if not all(is_safe(environment[name]) for name in ENDPOINTS if environment.get(name)):
        raise ConfigurationError("AWS_ENDPOINT_URL must name the server by https.")
    name, _, field = reference.place.partition("#")
    patience = Config(
        connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"total_max_attempts": 2}
    )
    with _answering(reference):
        client = boto3.Session().client("secretsmanager", config=patience)
        try:
            text = client.get_secret_value(SecretId=name).get("SecretString", "")
        finally:
            client.close()
    return _field(reference, text, field) if field else str(text)


def _field(reference: SecretReference, text: str, field: str) -> str:
    try:
        found = json.loads(text).get(field, "")
    except (AttributeError, ValueError):
        found = None
    if not isinstance(found, str):
        raise ConfigurationError(f"{reference} is no text in a JSON object; mend the reference.")
    return found


@contextmanager
def _answering(reference: SecretReference) -> Iterator[None]:
    """Translate what AWS and the way to it can fail with; no message of theirs is repeated."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        SSLError,
    )
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in PASSING:
            raise SecretsOutOfReach(
                f"AWS cannot answer for {reference} now ({code}); a later sweep asks again."
            ) from error
        raise AccessRefused(
            f"AWS refuses {reference} ({code}); write the secret there, and allow this identity "
            "secretsmanager:GetSecretValue on it."
        ) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise AccessRefused(
            f"There is no complete AWS identity to read {reference} with; give the process a role "
            "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error
    except SSLError as error:
        raise ConfigurationError(
            "The certificate of the AWS endpoint is not trusted; set AWS_CA_BUNDLE."
        ) from error
    except (HTTPClientError, NoConnection) as error:
        raise SecretsOutOfReach(
            f"AWS is out of reach for {reference} ({type(error).__name__}); a later sweep asks "
            "again."
        ) from error
    except BotoCoreError as error:
        raise ConfigurationError(
            f"AWS cannot be asked for {reference} ({type(error).__name__}); set AWS_REGION and "
            "what else boto3 needs."
        ) from error
