"""Each jail with walls alone: what a hijacked program tries in it, and what still has to work."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import Launcher, Limits
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Network
from tests.jail.room import PYTHON, SECRET, SH, Room
from tests.jail.test_launch import (
    FORK_BOMB,
    MEMORY_BOMB,
    SMALL,
    bomb_ends,
    dies_with_parent,
    killed_with_daemon,
)

TRY = """
import os, sys
def attempt(action):
    try:
        return repr(action())
    except OSError as error:
        return error.strerror
"""


def test_the_probe_reaches_nothing(kind: type[Walled]) -> None:
    kind().check()


def test_the_checkout_can_be_read_and_private_be_written(kind: type[Walled], room: Room) -> None:
    script = f"cat a.py; pwd; mkdir {room.private}/d; echo y >{room.private}/d/b"
    assert room.run(kind(), SH, "-c", script).stdout == f"x = 1\n{room.checkout}\n"
    assert (room.private / "d" / "b").read_text() == "y\n"
    assert (room.private / "d" / "b").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "path",
    [
        "{secret}",
        "/proc/self/root{secret}",
        "{checkout}/../outside/secret",
        "{checkout}/link",
        "/proc/{parent}/environ",
        "/proc/{parent}/cwd/pyproject.toml",
        "/proc/{parent}/fd/0",
        "/proc/1/environ",
        "/etc/passwd",
        "/etc/shadow",
        "/etc/ssl/private",
        "/var",
        "/sys/kernel",
        "/dev/mem",
        "/dev/shm",
        "/run/docker.sock",
    ],
)
def test_nothing_else_can_be_read(kind: type[Walled], room: Room, path: str) -> None:
    (room.checkout / "link").symlink_to(room.outside)
    words = {"secret": room.outside, "checkout": room.checkout, "parent": os.getpid()}
    code = f"{TRY}\nimport stat\ntry: print(open(sys.argv[1], 'rb').read())\n"
    code += "except IsADirectoryError: print(os.listdir(sys.argv[1]))"
    done = room.run(
        kind(), PYTHON, "-I", "-S", "-c", code, path.format(**words), env={"PLANTED": SECRET}
    )
    assert SECRET not in done.stdout
    # The first process inside bubblewrap has number 1, and is its own.
    assert done.returncode == 1 or done.stdout.strip() == "[]" or path == "/proc/1/environ"


@pytest.mark.parametrize(
    "action",
    [
        "open('{checkout}/a.py', 'w')",
        "open('{checkout}/new', 'w')",
        "os.truncate('{checkout}/a.py', 0)",
        "os.unlink('{checkout}/a.py')",
        "os.rename('{checkout}/a.py', '{private}/a.py')",
        "os.link('{checkout}/a.py', '{private}/a.py')",
        "os.chmod('{checkout}/a.py', 0o644)",
        "os.utime('{checkout}/a.py', (0, 0))",
        "os.setxattr('{checkout}/a.py', 'user.x', b'y')",
        "os.mkdir('{outside}/new')",
        "open('{outside}/new', 'w')",
        "os.symlink('x', '{outside}/new')",
        "os.chmod('{outside}/secret', 0o644)",
        "os.truncate('{outside}/secret', 0)",
        "open('/tmp/new', 'w')",
        "open('/usr/new', 'w')",
        "open('/dev/shm/new', 'w')",
        "open('/new', 'w')",
    ],
)
def test_nothing_else_can_be_changed(kind: type[Walled], room: Room, action: str) -> None:
    words = {"checkout": room.checkout, "private": room.private, "outside": room.outside.parent}
    code = f"{TRY}\nprint(attempt(lambda: {action.format(**words)}))"
    before = state_of(room)
    assert room.python(kind(), code) in (
        *("Permission denied", "Read-only file system", "Operation not permitted"),
        *("No such file or directory", "Invalid cross-device link"),
    )
    assert state_of(room) == before


def state_of(room: Room) -> list[object]:
    places = [room.checkout, *room.checkout.iterdir(), room.outside.parent, room.outside]
    stats = [(path, path.stat()) for path in places]
    return [(path, stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in stats]


NETWORKED = """
import socket
found = []
for family in ("INET", "INET6", "NETLINK", "PACKET", "VSOCK", "ALG", "UNIX"):
    for kind in ("STREAM", "DGRAM", "RAW", "SEQPACKET"):
        try:
            socket.socket(getattr(socket, "AF_" + family), getattr(socket, "SOCK_" + kind)).close()
        except OSError:
            continue
        found.append((family, kind))
print(found)
"""


def test_there_are_no_sockets_but_connected_unix_ones(kind: type[Walled], room: Room) -> None:
    found = ast.literal_eval(room.python(kind(), NETWORKED))
    assert found == [("UNIX", "STREAM"), ("UNIX", "SEQPACKET")]


def test_an_open_network_has_the_internet_only(kind: type[Walled], room: Room) -> None:
    found = ast.literal_eval(room.with_cell(network=Network.OPEN).python(kind(), NETWORKED))
    assert {family for family, _ in found} == {"INET", "INET6", "NETLINK"}


def test_an_open_network_works(kind: type[Walled], room: Room) -> None:
    room = room.with_cell(network=Network.OPEN)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port})).sendall(b'x')"
        room.python(kind(), code)
        server.settimeout(2)
        with server.accept()[0] as line:
            assert line.recv(1) == b"x"


SPEAK = """
import fcntl, os, select, socket, sys
for path in sys.argv[1:]:
    with socket.socket(socket.AF_UNIX) as line:
        line.setblocking(path.startswith("/"))
        try:
            line.connect(path)
            line.sendall(b"hello")
            select.select([line], [], [], 5)
            waits = not fcntl.fcntl(line, fcntl.F_GETFL) & os.O_NONBLOCK
            print(line.recv(100).decode(), waits, line.get_inheritable())
        except OSError as error:
            print(error.strerror)
"""


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    """A Unix socket that gives back what it gets, in capitals."""
    path = tmp_path / "door"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        while True:
            try:
                line = server.accept()[0]
            except OSError:
                return
            with line:
                line.sendall(line.recv(100).upper())

    thread = threading.Thread(target=serve)
    thread.start()
    yield path
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_the_socket_of_the_cell_can_be_spoken_to(
    kind: type[Walled], room: Room, echo: Path
) -> None:
    """Again and again, and just as the program has set its own end."""
    room = room.with_cell(socket=echo)
    relative = os.path.relpath(echo, room.checkout)
    said = room.python(kind(), SPEAK, str(echo), relative, str(echo)).splitlines()
    assert said == ["HELLO True False", "HELLO False False", "HELLO True False"]


def test_no_other_unix_socket_can(kind: type[Walled], room: Room, echo: Path) -> None:
    other = room.outside.parent / "other"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as abstract:
        server.bind(str(other))
        abstract.bind(f"\0{room.outside}")
        for one in (server, abstract):
            one.listen()
            one.setblocking(False)
        for each in (room, room.with_cell(socket=echo)):
            code = SPEAK.replace("sys.argv[1:]", "(sys.argv[1], chr(0) + sys.argv[2])")
            each.python(kind(), code, str(other), str(room.outside))
            for one in (server, abstract):
                with pytest.raises(BlockingIOError):
                    one.accept()


LEAD = """
import os, socket, sys
door, other = sys.argv[1:]
try:
    os.rename(door, door + "-before")
    os.symlink(other, door)
except OSError as error:
    print(error.strerror)
with socket.socket(socket.AF_UNIX) as line:
    line.connect(door)
    line.sendall(b"hello")
    print(line.recv(100).decode())
"""


def test_the_socket_of_the_cell_cannot_be_changed_for_another_one(
    kind: type[Walled], room: Room, echo: Path
) -> None:
    """It lies where the program may write, and behind Landlock somebody outside connects to it."""
    door, other = room.private / "door", room.outside.parent / "other"
    os.link(echo, door)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(other))
        server.listen()
        server.setblocking(False)
        said = room.with_cell(socket=door).python(kind(), LEAD, str(door), str(other))
        assert said.endswith("HELLO")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_there_are_no_privileges_and_none_can_be_gained(kind: type[Walled], room: Room) -> None:
    lines = room.run(kind(), SH, "-c", "cat /proc/self/status").stdout or room.python(
        kind(), "print(open('/proc/self/status').read())"
    )
    status = dict(line.split(":\t", 1) for line in lines.splitlines() if ":\t" in line)
    held = [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd")]
    assert held[:4] == [0, 0, 0, 0]
    assert held[4] == 0 or os.getuid() != 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


CALLS = {
    "ptrace": "libc.ptrace(0, 0, 0, 0)",
    "unshare": "libc.unshare(0x10000000)",
    "a namespace by clone": "libc.syscall(220 if arm else 56, 0x10000000 | 17, 0, 0, 0, 0)",
    "clone3": "libc.syscall(435, 0, 0)",
    "setns": "libc.setns(0, 0)",
    "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0)",
    "chroot": "libc.chroot(b'/')",
    "io_uring": "libc.syscall(425, 1, 0)",
    "keyctl": "libc.syscall(219 if arm else 250, 0, -3)",
    "bpf": "libc.syscall(280 if arm else 321, 0, 0, 0)",
    "memory of no process": "libc.memfd_create(b'x', 0)",
    "the limits of another process": "libc.prlimit(1, 7, 0, 0)",
    "the priority of another process": "libc.setpriority(0, 1, 5)",
    "x32": "libc.syscall(0x40000000 + 39)",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_that_reach_further_are_refused(kind: type[Walled], room: Room, call: str) -> None:
    code = "import ctypes, os; libc = ctypes.CDLL(None, use_errno=True)"
    code += f"; arm = os.uname().machine == 'aarch64'; print({call}, ctypes.get_errno())"
    assert room.python(kind(), code) in ("-1 1", "-1 38")


def test_no_other_process_can_be_signalled(kind: type[Walled], room: Room) -> None:
    with subprocess.Popen(["sleep", "30"]) as bystander:
        code = f"{TRY}\nprint(attempt(lambda: os.kill({bystander.pid}, 9)))"
        assert room.python(kind(), code) in ("Operation not permitted", "No such process")
        assert bystander.poll() is None
        bystander.kill()


def test_a_child_can_be_started_heard_and_stopped(kind: type[Walled], room: Room) -> None:
    code = (
        "import subprocess; print(subprocess.check_output(['cat', 'a.py']).decode());"
        "p = subprocess.Popen(['sleep', '9']); p.kill(); print(p.wait())"
    )
    assert room.python(kind(), code).split("\n") == ["x = 1", "", "-9"]


def test_threads_can_be_started(kind: type[Walled], room: Room) -> None:
    code = "import threading as t; x = t.Thread(target=lambda: print(1)); x.start(); x.join()"
    assert room.python(kind(), code) == "1"


def test_a_memory_bomb_is_ended(kind: type[Walled], room: Room) -> None:
    bomb_ends(kind(SMALL), room, MEMORY_BOMB, "more than 200 MiB of memory")


def test_a_fork_bomb_is_ended(kind: type[Walled], room: Room) -> None:
    bomb_ends(kind(SMALL), room, FORK_BOMB, "more than 24 processes and threads")


def test_a_fork_bomb_of_the_full_size_is_ended(kind: type[Walled], room: Room) -> None:
    bomb_ends(kind(Limits()), room, FORK_BOMB, "more than 512 processes and threads")


def test_sigkill_of_the_parent_leaves_nothing_behind(kind: type[Walled], room: Room) -> None:
    dies_with_parent(kind(), room, f"mark-{uuid.uuid4()}")


def test_kill_ends_the_child_and_all_that_came_from_it(kind: type[Walled], room: Room) -> None:
    killed_with_daemon(kind(), room, f"mark-{uuid.uuid4()}")


def test_the_exit_code_is_the_programs(kind: type[Walled], room: Room) -> None:
    assert room.run(kind(), SH, "-c", "exit 7").returncode == 7


def test_asking_needs_no_checkout(kind: type[Walled], room: Room) -> None:
    room = room.with_cell(checkout=None)
    assert kind().ask(Path("/bin/echo"), room.cell, "--help me") == "--help me\n"


def test_a_program_anywhere_can_be_started(kind: type[Walled], room: Room, tmp_path: Path) -> None:
    program = tmp_path / "a program"
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o700)
    assert room.run(kind(), program).stdout == "started\n"


def test_what_landlock_calls_its_own_directory_runs_no_program(
    landlock: type[Landlock], room: Room
) -> None:
    for place in (room.private, room.checkout):
        (place / "tool").write_text("#!/bin/sh\necho ran\n")
        (place / "tool").chmod(0o700)
        done = room.run(landlock(), SH, "-c", f"{place}/tool")
        assert (done.returncode, done.stdout) == (126, "")


def test_bubblewrap_shows_no_other_process(bubblewrap: type[Bubblewrap], room: Room) -> None:
    listed = room.python(
        bubblewrap(), "import os; print(len(list(filter(str.isdigit, os.listdir('/proc')))))"
    )
    assert int(listed) == 2  # its own first process, and the program


def test_a_jail_without_walls_would_fail_these_tests(room: Room) -> None:
    """So that a broken `Room.run` cannot make them all pass."""
    code = f"print(open({str(room.outside)!r}).read())"
    assert room.python(Launcher(), code) == SECRET
