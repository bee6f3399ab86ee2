"""The proxy's way to a provider by https: certificates, and an operator's own proxy between."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reviewer_cli.engines.agent_credential import API_KEY, Credential
from reviewer_cli.engines.model_proxy import ModelProxy
from tests.fakes.provider import Heard, Provider, ask, providing, said

KEY = "sk-ant-made-up-0123456789"
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def asked(provider: Provider, private: Path) -> Heard:
    credential = Credential(variable=API_KEY, value=KEY, base_url=provider.url)
    async with ModelProxy(credential).door(private, most_requests=9) as door:
        return await ask(door.socket, door.nonce)


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_a_companys_own_certificate_is_trusted_where_a_variable_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    context, certificate = authority(tmp_path)

    async def visit() -> Heard:
        async with providing(said(200), context) as provider:
            return await asked(provider, tmp_path)

    refused = asyncio.run(visit())
    assert refused.status == 502
    assert b"Certificate" in refused.body
    monkeypatch.setenv(variable, str(certificate))
    assert asyncio.run(visit()).status == 200


@pytest.mark.parametrize(("beside", "tunnels"), [("", 1), ("127.0.0.1", 0)])
def test_an_operators_proxy_is_used_and_sees_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: str, tunnels: int
) -> None:
    context, certificate = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def visit() -> tuple[Heard, str, bytes]:
        async with providing(said(200), context) as provider, tunnel() as (port, seen):
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:word@127.0.0.1:{port}")
            monkeypatch.setenv("NO_PROXY", beside)
            return await asked(provider, tmp_path), provider.url, bytes(seen)

    answer, address, seen = asyncio.run(visit())
    assert answer.status == 200
    assert seen.count(f"CONNECT {address[8:]} ".encode()) == tunnels
    assert seen.count(b"Proxy-Authorization: Basic bWU6d29yZA==") == tunnels
    assert KEY.encode() not in seen


def test_the_password_of_a_proxy_that_is_down_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _ = authority(tmp_path)

    async def visit() -> Heard:
        async with providing(said(200), context) as provider:
            monkeypatch.setenv("HTTPS_PROXY", "http://me:made-up-word@127.0.0.1:1")
            return await asked(provider, tmp_path)

    answer = asyncio.run(visit())
    assert answer.status == 502
    assert b"made-up-word" not in answer.body


@contextlib.asynccontextmanager
async def tunnel() -> AsyncIterator[tuple[int, bytearray]]:
    """A proxy that connects to whatever it is asked for, and remembers what it saw."""
    seen = bytearray()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            seen.extend(data)
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.extend(head)
        host, port = head.split()[1].decode().split(":")
        there, away = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            await asyncio.gather(pump(reader, away), pump(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        await asyncio.sleep(0.05)


def authority(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate that nobody else knows, and that certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a company's own authority")])
    now, hour = datetime.now(UTC), timedelta(hours=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - hour)
        .not_valid_after(now + hour)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    certificate = folder / "certificate.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem.write_bytes(certificate.read_bytes() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, certificate
