"""Which parts of the machine every jailed program may read: programs, libraries, little of /etc."""

from __future__ import annotations

from pathlib import Path

from reviewer_cli.ports.jail import Network

PROGRAMS = tuple(
    Path(name)
    for name in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
)
"""On most systems all but /usr are links into it."""

# Never /etc itself: it holds keys, and /etc/ssl/private does as well.
_ALWAYS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime")
_NETWORKED = (
    *("hosts", "host.conf", "gai.conf", "nsswitch.conf", "resolv.conf", "services"),
    *("ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted"),
    *("ca-certificates", "ca-certificates.conf"),
)


def settings(network: Network) -> list[Path]:
    """The files of /etc without which programs do not start, or do not find their provider."""
    names = _ALWAYS + (_NETWORKED if network is Network.OPEN else ())
    return [path for name in names if (path := Path("/etc", name)).exists()]
