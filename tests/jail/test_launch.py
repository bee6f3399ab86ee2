"""What every jail's program gets: few variables, limits, and an end with its parent."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.command import LAUNCH, PACKAGES, Launcher, Limits
from reviewer_cli.jail.inside import launch
from reviewer_cli.jail.inside.terms import Terms, read
from tests.jail.room import PYTHON, SH, Room, running, wait_until

DUMP = "import json, os; print(json.dumps([dict(os.environ), os.umask(0)]))"
#: Starts a child that leaves the process group and the parent, as a daemon does.
DAEMON = """
import os, sys, time
if not os.fork():
    try:
        os.setsid()
    except PermissionError:
        pass  # some jails see to that
    if not os.fork():
        os.execv("/bin/sh", ["/bin/sh", "-c", "sleep 30 & wait", sys.argv[1]])
    os._exit(0)
time.sleep(30)
"""


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4()}"


def test_only_named_variables_reach_the_program(room: Room) -> None:
    room = room.with_cell(variables=frozenset({"KEPT", "ABSENT"}))
    given = {"KEPT": "a b", "GITHUB_TOKEN": "t", "LD_PRELOAD": "", "PYTHONPATH": "/x", "PATH": "/x"}
    done = room.run(Launcher(), PYTHON, "-I", "-c", DUMP, env=given)
    environment, umask = json.loads(done.stdout)
    environment.pop("LC_CTYPE", None)  # Python's own addition
    assert environment == {"KEPT": "a b", "PATH": launch.SEARCH_PATH}
    assert umask == 0o077


def test_the_launcher_loads_only_the_standard_library_and_its_own_room() -> None:
    tail = "; print(*(f for m in sys.modules.values() if (f := getattr(m, '__file__', None))))"
    code = LAUNCH[-1].replace("; main()", tail)
    done = subprocess.run([*LAUNCH[:-1], code], check=True, capture_output=True, text=True)
    files = [Path(name) for name in done.stdout.split()]
    ours = {str(file.relative_to(PACKAGES).parent) for file in files if PACKAGES in file.parents}
    assert ours == {"reviewer_cli", "reviewer_cli/jail", "reviewer_cli/jail/inside"}
    assert not [file for file in files if "site-packages" in file.parts]


def test_terms_survive_the_command_line() -> None:
    words = ["", "-", "--", "3", "a b", "'\"$", "x\ny", "\udcff"]
    terms = Terms(
        parent=7,
        wall="none",
        is_networked=True,
        memory=1 << 40,
        tasks=3,
        private="/p",
        socket="",
        variables=words,
        readable=[],
        runnable=words,
    )
    got, command = read([*terms.words(), "/bin/x", "3", ""])
    assert vars(got) == vars(terms)
    assert command == ["/bin/x", "3", ""]


def test_arguments_and_exit_code_are_the_programs(room: Room) -> None:
    wrapper = Launcher().wrap(SH, room.cell)
    done = subprocess.run(
        [wrapper, "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "$HOME", "'\n"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (7, "a b|$HOME|'\n|")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_ends_the_program_is_seen_outside(room: Room, number: int) -> None:
    assert room.run(Launcher(), SH, "-c", f"kill -{number} $$").returncode == -number


def test_input_output_and_their_ends_are_the_programs(room: Room) -> None:
    code = "read word; echo $word; exec >&-; sleep 30"
    command = [*Launcher().command(SH, room.cell), "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("hello\n")
        child.stdin.flush()
        assert child.stdout.read() == "hello\n"  # ends long before the program does
        child.terminate()
        assert child.wait(timeout=2) == -signal.SIGKILL


def test_no_other_descriptor_of_ours_is_inherited(room: Room) -> None:
    reading, writing = os.pipe()
    done = subprocess.run(
        [*Launcher().command(SH, room.cell), "-c", "ls /proc/self/fd"],
        pass_fds=[reading, writing],
        capture_output=True,
        text=True,
        check=True,
    )
    os.close(reading)
    os.close(writing)
    assert len(done.stdout.split()) == 4  # one is the directory that ls reads


def test_the_program_has_a_session_of_its_own(room: Room) -> None:
    """It cannot type into our terminal, and a signal to its group reaches none of us."""
    assert room.python(Launcher(), "import os; print(os.getsid(0) == os.getpid())") == "True"


def test_limits_of_the_kernel_are_set(room: Room) -> None:
    names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_NPROC")
    code = f"import resource as r; print([r.getrlimit(getattr(r, n))[1] for n in {names}])"
    assert json.loads(room.python(Launcher(), code))[0] == 0
    hard = [resource.getrlimit(getattr(resource, name))[1] for name in names]
    for got, ours in zip(json.loads(room.python(Launcher(), code)), hard, strict=True):
        assert got != resource.RLIM_INFINITY
        assert ours == resource.RLIM_INFINITY or got <= ours


def test_a_program_that_cannot_be_started_is_said_on_stderr(room: Room) -> None:
    done = room.run(Launcher(), room.outside)
    assert done.returncode == launch.NOT_STARTED
    assert "could not be started" in done.stderr


def test_sigkill_of_the_parent_leaves_nothing_behind(room: Room, mark: str) -> None:
    """Not even a grandchild that has left the process group."""
    dies_with_parent(Launcher(), room, mark)


def dies_with_parent(jail: Launcher, room: Room, mark: str) -> None:
    command = [*jail.command(PYTHON, room.cell), "-I", "-S", "-c", DAEMON, mark]
    code = (
        "import os, subprocess, sys, time; old, *command = sys.argv[1:];"
        "own = [str(os.getpid()) if word == old else word for word in command];"
        "subprocess.Popen(own); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(os.getpid()), *command])
    daemon = [b"/bin/sh", b"-c", b"sleep 30 & wait", mark.encode(), b""]
    assert wait_until(lambda: daemon in map(words_of, running(mark)), within_s=5)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: not running(mark), within_s=1)


def words_of(process: int) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def test_a_parent_that_died_before_the_start_is_noticed(room: Room) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    command = Launcher().command(Path("/bin/touch"), room.cell)
    command[command.index(str(os.getpid()))] = str(gone.pid)
    done = subprocess.run([*command, room.private / "ran"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (room.private / "ran").exists()


def test_kill_ends_the_child_and_all_that_came_from_it(room: Room, mark: str) -> None:
    killed_with_daemon(Launcher(), room, mark)


def killed_with_daemon(jail: Launcher, room: Room, mark: str) -> None:
    wrapper = jail.wrap(PYTHON, room.cell)
    child = subprocess.Popen([wrapper, "-I", "-S", "-c", DAEMON, mark])
    daemon = [b"/bin/sh", b"-c", b"sleep 30 & wait", mark.encode(), b""]
    assert wait_until(lambda: daemon in map(words_of, running(mark)), within_s=5)
    jail.kill(room.cell)
    assert child.wait(timeout=2) == -signal.SIGKILL
    assert running(mark) == []


def test_kill_leaves_a_process_alone_that_is_not_our_child(room: Room) -> None:
    """Not even one that names this cell's directory."""
    command = ["/bin/sh", "-c", "read line", str(room.private)]
    code = f"import subprocess; subprocess.run({command})"
    with subprocess.Popen([sys.executable, "-I", "-c", code], stdin=subprocess.PIPE) as parent:
        assert wait_until(lambda: running(str(room.private)), within_s=5)
        Launcher().kill(room.cell)
        with pytest.raises(subprocess.TimeoutExpired):  # it ends when its child does
            parent.wait(timeout=0.2)


def test_kill_ends_no_other_cell(room: Room) -> None:
    other = room.with_cell(private=room.private.with_name("private-2"))
    other.private.mkdir()
    child = subprocess.Popen([*Launcher().command(Path("/bin/sleep"), other.cell), "60"])
    Launcher().kill(room.cell)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.2)
    Launcher().kill(other.cell)
    assert child.wait(timeout=2) < 0


def test_killing_what_is_not_there_is_fine(room: Room) -> None:
    Launcher().kill(room.cell)


def test_what_was_killed_before_its_start_never_starts(room: Room) -> None:
    wrapper = Launcher().wrap(SH, room.cell)
    Launcher().kill(room.cell)
    with pytest.raises(FileNotFoundError):
        subprocess.run([wrapper], check=False)


@pytest.mark.threat("T20", layer="limits")
def test_no_program_can_hide_from_the_kill_or_change_how_it_was_started(
    room: Room, mark: str
) -> None:
    """Whatever it does to its own directory, which it alone writes to."""
    wrapper = Launcher().wrap(SH, room.cell)
    assert room.private not in wrapper.parents
    script = f"cd {room.private}; rm -rf * .[!.]*; mkfifo pid start; sleep 30"
    child = subprocess.Popen([wrapper, "-c", script, mark])
    assert wait_until((room.private / "start").is_fifo, within_s=5)
    assert not wrapper.exists()
    assert list(room.private.parent.glob("*.start")) == []
    Launcher().kill(room.cell)
    assert child.wait(timeout=2) == -signal.SIGKILL
    assert running(mark) == []


def test_asking_a_program_that_fails_is_a_configuration_error(room: Room) -> None:
    with pytest.raises(ConfigurationError, match="reinstall") as caught:
        Launcher().ask(Path("/bin/false"), room.cell, "--help")
    assert len(str(caught.value)) < 200  # not the whole argument list


def test_asking_a_program_returns_what_it_prints(room: Room) -> None:
    assert Launcher().ask(Path("/bin/echo"), room.cell, "--help me") == "--help me\n"


def test_no_walls_are_said_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    jail = Launcher()
    jail.check()
    jail.check()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert 'sandbox = "none"' in record.message


SMALL = Limits(memory=200 << 20, tasks=24)
MEMORY_BOMB = "a = []\nwhile True: a.append(bytearray(b'x') * (8 << 20))"
FORK_BOMB = """
import os, sys, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""


def test_a_memory_bomb_is_ended(room: Room) -> None:
    bomb_ends(Launcher(SMALL), room, MEMORY_BOMB, "more than 200 MiB of memory")


def test_a_fork_bomb_is_ended(room: Room) -> None:
    bomb_ends(Launcher(SMALL), room, FORK_BOMB, "more than 24 processes and threads")


def bomb_ends(jail: Launcher, room: Room, bomb: str, words: str) -> None:
    mark = f"bomb-{uuid.uuid4()}"
    done = room.run(jail, PYTHON, "-I", "-S", "-c", bomb, mark)
    assert done.returncode == -signal.SIGKILL
    assert words in done.stderr
    assert running(mark) == []


def test_what_other_threads_start_at_the_same_moment_keeps_no_wrapper_from_starting(
    room: Room,
) -> None:
    """Each of theirs shares all our handles for an instant, also one that writes a wrapper."""
    over = threading.Event()

    def start_others() -> None:
        while not over.is_set():
            subprocess.run(["true"], check=True)

    others = [threading.Thread(target=start_others) for _ in range(4)]
    for other in others:
        other.start()
    try:
        for _ in range(40):
            wrapper = Launcher().wrap(SH, room.cell)
            assert subprocess.run([wrapper, "-c", "exit 7"], check=False).returncode == 7
    finally:
        over.set()
        for other in others:
            other.join()
