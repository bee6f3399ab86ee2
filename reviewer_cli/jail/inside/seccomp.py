"""The filter of system calls: which sockets there are, and what no jailed program may ask for.

It is a program for the kernel's classic BPF machine, seccomp(2). Whatever is not named passes;
the walls are Landlock's or the namespaces', this closes what they leave open.
"""

from __future__ import annotations

import ctypes
import struct

from reviewer_cli.jail.inside import kernel
from reviewer_cli.jail.inside.syscalls import (
    ALWAYS_REFUSED,
    ON_ITSELF_ONLY,
    REFUSED_REQUESTS,
    SIGNALS,
    architecture,
    numbers,
)

# Instructions, linux/bpf_common.h.
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST = 0x15, 0x35

# Verdicts, linux/seccomp.h.
_ALLOW, _ASK_WATCHER, _ERROR = 0x7FFF0000, 0x7FC00000, 0x00050000
_EPERM, _EACCES, _ENOSYS = 1, 13, 38

# Offsets in struct seccomp_data; arguments have 8 bytes and both machines are little-endian.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FIRST_X32_CALL = 0x40000000

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_SEQPACKET, _SOCKET_TYPES = 1, 5, 0xF
_NEW_NAMESPACES = 0x7E020000  # the CLONE_NEW flags that clone(2) takes

_SET_MODE_FILTER = 1
_NEW_LISTENER = 1 << 3


Code = list[tuple[int, int, int, int]]


def closing(*, is_networked: bool, refused: tuple[str, ...], own_process: int | None) -> bytes:
    """The filter that refuses, as an array of struct sock_filter.

    `refused` comes on top of what is always refused; `own_process` is the only one that may be
    signalled, None where the walls see to that.
    """
    code = _beginning()
    for number in numbers(ALWAYS_REFUSED + refused):
        code += _on(number, [_answer(_ERROR | _EPERM)])
    for name, arguments in ON_ITSELF_ONLY.items():
        code += _each((name,), _exactly(arguments))
    for name, requests in REFUSED_REQUESTS.items():
        code += _each((name,), _none_of(1, requests))
    if own_process is not None:
        code += _each(SIGNALS, _only(0, (0, own_process)))
    code += _each(("clone",), _without_bits(0, _NEW_NAMESPACES))
    code += _each(("socket",), _networked_socket() if is_networked else _local_socket())
    code += _each(("socketpair",), _local_socket())
    return _packed(code)


def asking(calls: tuple[str, ...]) -> bytes:
    """The filter that asks the watcher before every new process and thread, and before `calls`.

    It is a second one because bubblewrap, which installs the first, can have only such as ask
    nobody. A refusal of either counts.
    """
    return _packed(
        [
            *_beginning(),
            # glibc turns to clone(2), whose flags can be seen, when there is no clone3(2).
            *_each(("clone3",), [_answer(_ERROR | _ENOSYS)]),
            *_each(("clone", "fork", "vfork", *calls), [_answer(_ASK_WATCHER)]),
        ]
    )


def install(code: bytes) -> None:
    """Filter this thread's calls, and those of all that come from it, for ever."""
    _install(code, 0)


def install_asking(code: bytes) -> int:
    """The same for a filter that asks; the descriptor returned hears the questions."""
    return _install(code, _NEW_LISTENER)


def _install(code: bytes, flags: int) -> int:
    held = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("<H6xQ", len(code) // 8, ctypes.addressof(held))  # struct sock_fprog
    return kernel.call("seccomp", _SET_MODE_FILTER, flags, described)


def _beginning() -> Code:
    return [
        _load(_ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture()),
        _answer(_ERROR | _ENOSYS),  # a 32-bit program, whose numbers mean something else
        _load(_NUMBER),
        (_IF_AT_LEAST, 0, 1, _FIRST_X32_CALL),
        _answer(_ERROR | _ENOSYS),
    ]


def _packed(code: Code) -> bytes:
    return b"".join(struct.pack("<HBBI", *one) for one in [*code, _answer(_ALLOW)])


def _load(offset: int) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, offset)


def _answer(verdict: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, verdict)


def _on(number: int, body: Code) -> Code:
    """The body when the loaded value is the number; a body always ends the filter."""
    return [(_IF_EQUAL, 0, len(body), number), *body]


def _each(names: tuple[str, ...], body: Code) -> Code:
    return [one for number in numbers(names) for one in _on(number, body)]


def _only(argument: int, allowed: tuple[int, ...]) -> Code:
    passes = [one for value in allowed for one in _on(value, [_answer(_ALLOW)])]
    return [_load(_ARGUMENTS + 8 * argument), *passes, _answer(_ERROR | _EPERM)]


def _exactly(arguments: dict[int, int]) -> Code:
    """Only with these values in these places."""
    refusal = _answer(_ERROR | _EPERM)
    checks = [
        one
        for argument, value in arguments.items()
        for one in (_load(_ARGUMENTS + 8 * argument), (_IF_EQUAL, 1, 0, value), refusal)
    ]
    return [*checks, _answer(_ALLOW)]


def _none_of(argument: int, refused: tuple[int, ...]) -> Code:
    """The kernel looks at 32 bits of such an argument, as the filter does."""
    refusals = [one for value in refused for one in _on(value, [_answer(_ERROR | _EPERM)])]
    return [_load(_ARGUMENTS + 8 * argument), *refusals, _answer(_ALLOW)]


def _without_bits(argument: int, bits: int) -> Code:
    return [
        _load(_ARGUMENTS + 8 * argument),
        (_AND, 0, 0, bits),
        *_on(0, [_answer(_ALLOW)]),
        _answer(_ERROR | _EPERM),
    ]


def _local_socket() -> Code:
    """Unix sockets that have to be connected; a datagram could be sent to any path without."""
    of_type = [
        _load(_ARGUMENTS + 8),
        (_AND, 0, 0, _SOCKET_TYPES),
        *_on(_SOCK_STREAM, [_answer(_ALLOW)]),
        *_on(_SOCK_SEQPACKET, [_answer(_ALLOW)]),
        _answer(_ERROR | _EACCES),
    ]
    return [_load(_ARGUMENTS), *_on(_AF_UNIX, of_type), _answer(_ERROR | _EACCES)]


def _networked_socket() -> Code:
    """The internet, and netlink, which the resolver asks for addresses; no Unix socket."""
    passes = [
        one
        for family in (_AF_INET, _AF_INET6, _AF_NETLINK)
        for one in _on(family, [_answer(_ALLOW)])
    ]
    return [_load(_ARGUMENTS), *passes, _answer(_ERROR | _EACCES)]
