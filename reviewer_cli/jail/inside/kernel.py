"""System calls that the standard library has no name for; a refusal becomes an OSError."""

from __future__ import annotations

import ctypes
import os

from reviewer_cli.jail.inside.syscalls import number

_LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63


def call(name: str, *arguments: int | bytes | None) -> int:
    """syscall(2) by name; integers are 64 bits wide, bytes are passed by address."""
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result: int = _LIBC.syscall(ctypes.c_long(number(name)), *wide)
    return _checked(result)


def prctl(option: int, value: int) -> int:
    """prctl(2) with one value."""
    rest = [ctypes.c_ulong(one) for one in (value, 0, 0, 0)]
    return _checked(_LIBC.prctl(ctypes.c_int(option), *rest))


def give_up_privileges() -> None:
    """Hold no capability any more; with PR_SET_NO_NEW_PRIVS none is gained by executing either."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last one, or nothing to drop because we are not root
    header = _CAPABILITY_VERSION.to_bytes(4, "little") + bytes(4)
    call("capset", header, bytes(24))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
