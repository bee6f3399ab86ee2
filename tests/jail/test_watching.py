"""What a hijacked program tries against the one that watches it, and behind its back."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid

import pytest

from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.walled import Walled
from tests.jail.conftest import WALLED, works
from tests.jail.room import PYTHON, Room, running
from tests.jail.test_self_test import LANDLOCK, altered

# Each jail with walls by its name; what is tried counts against it alone.
TAKING = [
    pytest.param("landlock", marks=pytest.mark.threat("T20", layer="landlock")),
    pytest.param("bubblewrap", marks=pytest.mark.threat("T20", layer="bubblewrap")),
]
CALLING = [
    pytest.param("landlock", marks=pytest.mark.threat("T11", layer="landlock")),
    pytest.param("bubblewrap", marks=pytest.mark.threat("T11", layer="bubblewrap")),
]
OPENING = [
    pytest.param("landlock", marks=pytest.mark.threat("T13", layer="landlock")),
    pytest.param("bubblewrap", marks=pytest.mark.threat("T13", layer="bubblewrap")),
]
#: A child that goes on when its parent has ended.
LEAVES_A_CHILD = """
import os, sys, time
if not os.fork():
    time.sleep(30)
time.sleep(float(sys.argv[1]))
"""
BROKEN = {
    "watcher": "import reviewer_cli.jail.inside.limits as it; it.memory = None",
    "gate": "from reviewer_cli.jail.inside.gate import Gate; Gate._may_start = None",
}


def kind_called(name: str) -> type[Walled]:
    works(name)
    return WALLED[name]


@pytest.mark.parametrize("name", TAKING)
def test_a_name_that_is_no_text_does_not_end_the_watch(name: str, room: Room) -> None:
    mark = f"mark-{uuid.uuid4()}"
    code = "import ctypes; ctypes.CDLL(None).prctl(15, bytes([255, 254]), 0, 0, 0)"
    arguments = ("-I", "-S", "-c", code + LEAVES_A_CHILD, "0.8", mark)
    done = room.run(kind_called(name)(), PYTHON, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert running(mark) == []


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", TAKING)
def test_when_the_watch_fails_nothing_goes_on(name: str, broken: str, room: Room) -> None:
    mark = f"mark-{uuid.uuid4()}"
    jail = altered(BROKEN[broken], kind_called(name))()
    done = room.run(jail, PYTHON, "-I", "-S", "-c", LEAVES_A_CHILD, "20", mark)
    assert done.returncode == -signal.SIGKILL
    assert f"its {broken} failed" in done.stderr
    assert running(mark) == []


#: Shared memory that no process maps while it is full.
HIDDEN = """
import mmap, time
hidden = mmap.mmap(-1, 16 << 20)
hidden.write(bytes(16 << 20))
hidden.madvise(mmap.MADV_DONTNEED)
time.sleep(20)
"""


@pytest.mark.parametrize("name", TAKING)
def test_when_memory_runs_out_the_jail_ends(name: str, room: Room) -> None:
    """Here it is always as little as that: a machine must not be filled for a test."""
    always = "import reviewer_cli.jail.inside.limits as it; it.LEAST_FREE = 1"
    jail = altered(always, kind_called(name))()
    done = room.run(jail, PYTHON, "-I", "-S", "-c", HIDDEN)
    assert done.returncode == -signal.SIGKILL
    assert "hardly any memory left" in done.stderr


CALL = "import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); arm = os.uname().machine"
CALL += " == 'aarch64'; print({call}, ctypes.get_errno())"
CALLS = {
    "a segment": "libc.shmget(0, 4096, 0o1600)",
    "a queue": "libc.msgget(0, 0o1600)",
    "semaphores": "libc.semget(0, 1, 0o1600)",
    "the account's priority": "libc.setpriority(2, 0, 0)",
    "the group's priority": "libc.setpriority(1, 0, 0)",
    "the account's place at the disk": "libc.syscall(30 if arm else 251, 3, 0, 7 << 1)",
    "the owner of a descriptor": "libc.fcntl(1, 8, 1)",
    "the signal of a descriptor": "libc.fcntl(1, 10, 9)",
    "the owner, the newer way": "libc.fcntl(1, 15, bytes(8))",
    "a lease": "libc.fcntl(1, 1024, 0)",
    "the owner of a terminal or file": "libc.ioctl(1, 0x8901, bytes(4))",
    "the group of a socket": "libc.ioctl(1, 0x8902, bytes(4))",
    "a key typed": "libc.ioctl(1, 0x5412, b'x')",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("name", CALLING)
def test_calls_with_a_hidden_reach_are_refused(name: str, call: str, room: Room) -> None:
    assert room.python(kind_called(name)(), CALL.format(call=call)) == "-1 1"


@pytest.mark.parametrize("name", WALLED)
def test_it_may_still_lower_its_own_priority(name: str, room: Room) -> None:
    code = "import os; os.setpriority(os.PRIO_PROCESS, 0, 7); print(os.nice(0))"
    assert room.python(kind_called(name)(), code) == "7"


SIGNAL_BY_A_DESCRIPTOR = """
import fcntl, os, socket, sys
ours, other = socket.socketpair()
for request, value in ((fcntl.F_SETOWN, int(sys.argv[1])), (10, 9)):
    try:
        fcntl.fcntl(ours, request, value)
    except OSError:
        pass
fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
other.send(b"x")
"""


@pytest.mark.threat("T11", layer="landlock")
def test_an_older_landlock_lets_no_descriptor_send_signals(
    landlock: type[Landlock], room: Room
) -> None:
    jail = altered(f"{LANDLOCK}; it.version = lambda: 5")()
    with subprocess.Popen(["sleep", "30"]) as bystander:
        room.python(jail, SIGNAL_BY_A_DESCRIPTOR, str(bystander.pid))
        with pytest.raises(subprocess.TimeoutExpired):
            bystander.wait(timeout=0.2)
        bystander.kill()


@pytest.mark.parametrize("name", OPENING)
def test_no_setting_of_the_kernel_opens_for_writing(name: str, room: Room) -> None:
    names = ("sys/kernel/core_pattern", "sys/kernel/domainname", "sysrq-trigger", "self/uid_map")
    code = (
        "import os, sys\nfor name in sys.argv[1:]:\n"
        " try: print(os.open('/proc/' + name, os.O_WRONLY))\n except OSError: pass"
    )
    assert room.python(kind_called(name)(), code, *names) == ""
    assert os.path.exists("/proc/sys/kernel/domainname")
