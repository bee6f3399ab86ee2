"""The walls that need no namespace: Landlock for files, dropped privileges, and the filter.

Landlock alone leaves open what its manual calls current limitations: UDP, Unix sockets by path,
chmod, and (before Linux 6.12) signals. The filter closes those.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from reviewer_cli.jail.inside import kernel, seccomp
from reviewer_cli.jail.inside.syscalls import REFUSED_BESIDE_LANDLOCK
from reviewer_cli.jail.inside.terms import Terms

OLDEST = 3
"""Linux 6.2: before it, files that are out of reach could still be emptied."""

# linux/landlock.h
_ASK_VERSION = 1 << 0
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_EVERYTHING_BEFORE_IOCTL, _IOCTL_DEV = (1 << 15) - 1, 1 << 15
_BIND_AND_CONNECT_TCP = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_TCP_SINCE, _IOCTL_SINCE, _SCOPES_SINCE = 4, 5, 6
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

_READ = _READ_FILE | _READ_DIR
_RUN = _READ | _EXECUTE
_OWN = _EVERYTHING_BEFORE_IOCTL & ~_EXECUTE
_DEVICES = ("null", "zero", "full", "random", "urandom")
_OF_THE_KERNEL = ("self", "cpuinfo", "meminfo", "stat", "version")


def version() -> int:
    """The version of Landlock's interface; OSError where the kernel has none."""
    return kernel.call("landlock_create_ruleset", None, 0, _ASK_VERSION)


def confine(terms: Terms) -> None:
    """Put this process behind the walls for ever, with all that comes from it.

    Raises OSError when the kernel cannot build them.
    """
    known = version()
    if known < OLDEST:
        raise OSError(f"Landlock {known} is too old; {OLDEST} came with Linux 6.2")
    kernel.give_up_privileges()
    ruleset = _ruleset(known, is_networked=terms.is_networked)
    _allow(ruleset, terms.runnable, _RUN)
    _allow(ruleset, terms.readable, _READ)
    _allow(ruleset, (f"/proc/{name}" for name in _OF_THE_KERNEL), _READ)
    _allow(ruleset, (f"/dev/{name}" for name in _DEVICES), _READ | _WRITE_FILE)
    _allow(ruleset, [terms.private], _OWN)
    kernel.call("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)
    can_connect = terms.is_networked or terms.socket
    seccomp.install(
        seccomp.closing(
            is_networked=terms.is_networked,
            refused=REFUSED_BESIDE_LANDLOCK + (() if can_connect else ("connect",)),
            own_process=os.getpid() if known < _SCOPES_SINCE else None,
        )
    )


def _ruleset(known: int, *, is_networked: bool) -> int:
    """A ruleset that refuses all that this kernel can refuse, struct landlock_ruleset_attr."""
    files = _EVERYTHING_BEFORE_IOCTL | (_IOCTL_DEV if known >= _IOCTL_SINCE else 0)
    network = 0 if is_networked or known < _TCP_SINCE else _BIND_AND_CONNECT_TCP
    scopes = _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if known >= _SCOPES_SINCE else 0
    attributes = struct.pack("<QQQ", files, network, scopes)
    size = 24 if known >= _SCOPES_SINCE else 16 if known >= _TCP_SINCE else 8
    return kernel.call("landlock_create_ruleset", attributes, size, 0)


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    """Allow the rights on what lies at or below the paths; what does not exist is left out."""
    for path in paths:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        fitting = rights if os.path.isdir(path) else rights & _ON_FILES
        rule = struct.pack("<Qi", fitting, place)  # struct landlock_path_beneath_attr
        kernel.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, rule, 0)
        os.close(place)
