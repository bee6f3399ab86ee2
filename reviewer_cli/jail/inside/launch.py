"""Start a program behind walls and watch over it until nothing of it is left.

This process stays outside the walls: it ends the program and all that came from it when the
parent dies or sends SIGTERM, or when it takes too much. Standard library only, because it must
start in milliseconds and must not load anything that a checkout could plant.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping

from reviewer_cli.jail.inside import kernel, landlock, limits, seccomp
from reviewer_cli.jail.inside.gate import Gate
from reviewer_cli.jail.inside.terms import WRAPPER, Terms, read

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:
    from typing import NoReturn

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
FILTER = 9
"""The descriptor on which bubblewrap finds the filter; --seccomp in its argument list names it."""
NOT_STARTED = 126
"""The exit code when the walls could not be built or the program not be started, as in sh(1)."""
LOOK_EVERY_S = 0.25
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LEFT_TO_PARENT = (signal.SIGINT, signal.SIGTSTP)
"""A terminal sends them to the whole group; what they mean for a review is the parent's affair."""


def scrubbed(environment: Mapping[str, str], kept: list[str]) -> dict[str, str]:
    """Only the variables that the cell names; host tokens and all others are gone."""
    return {
        **{name: environment[name] for name in kept if name in environment},
        "PATH": SEARCH_PATH,
    }


def die_with(parent: int, farewell: signal.Signals) -> None:
    """Ask the kernel for a signal when `parent` dies; end at once if it is dead already.

    The kernel watches the thread that started us, so it must be one that outlives the review:
    the event loop's.
    """
    kernel.prctl(kernel.PR_SET_PDEATHSIG, farewell)
    if os.getppid() != parent:  # it died before the request above could take effect
        os.kill(os.getpid(), signal.SIGKILL)


def _stay_open(given: Terms) -> None:
    """No walls."""


def _leave_filter(given: Terms) -> None:
    """Put the filter where bubblewrap installs it from, after it has built its own walls."""
    code = seccomp.closing(is_networked=given.is_networked, refused=(), own_process=None)
    file = os.memfd_create("filter")
    os.write(file, code)
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, FILTER, inheritable=True)


WALLS: dict[str, Callable[[Terms], None]] = {
    "none": _stay_open,
    "landlock": landlock.confine,
    "bubblewrap": _leave_filter,
}


def main() -> None:
    """Start the program with its arguments and end as it ends: same exit code, same signal."""
    given, command = read(sys.argv[1:])
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for each in LEFT_TO_PARENT:
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*ENDING, signal.SIGCHLD})
    die_with(given.parent, signal.SIGTERM)
    with contextlib.suppress(FileNotFoundError):  # `Launcher.wrap` is not the only way to start us
        os.unlink(f"{given.private}{WRAPPER}")
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)  # whoever loses its parent becomes our child
    gate = Gate(tasks=given.tasks, path=given.socket)
    watcher = os.getpid()
    program = os.fork()
    if not program:
        _become(given, command, watcher, gate)
    try:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # our environment still holds what it lost
        for standard in (0, 1):  # so that the other end sees the program close them
            os.dup2(os.open(os.devnull, os.O_RDWR), standard)
        gate.open()
        status = _watch(given, program, gate)
    except BaseException as error:  # noqa: BLE001 - whatever it is, nobody watches any more
        _say(f"ended because its watcher failed: {error!r}")
        status = signal.SIGKILL
    finally:
        _end_all(program)
    _end_like(status)


def _become(given: Terms, command: list[str], watcher: int, gate: Gate) -> NoReturn:
    """In the child: build the walls and turn into the program."""
    try:
        os.setsid()
        die_with(watcher, signal.SIGKILL)
        os.umask(0o077)
        limits.apply()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        is_switched = given.wall == "landlock" and given.socket and not given.is_networked
        calls = ("connect",) if is_switched else ()
        gate.hand_over(seccomp.install_asking(seccomp.asking(calls)))
        WALLS[given.wall](given)
        for each in LEFT_TO_PARENT:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(command[0], command, scrubbed(os.environ, given.variables))  # noqa: S606 - no shell
    except BaseException as error:  # noqa: BLE001 - nothing may go on in a second copy of us
        _say(f"{command[0]} could not be started behind {given.wall}: {error}")
    os._exit(NOT_STARTED)


def _watch(given: Terms, program: int, gate: Gate) -> int:
    """How the program ended, as a wait status; SIGKILL's when it had to be ended.

    It is left a zombie, so that its process id cannot become another's yet.
    """
    look_at = 0.0
    while True:
        heard = signal.sigtimedwait({*ENDING, signal.SIGCHLD}, LOOK_EVERY_S)
        if heard is not None and heard.si_signo in ENDING:
            return signal.SIGKILL
        ended = os.waitid(os.P_PID, program, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            return ended.si_status << 8 if ended.si_code == os.CLD_EXITED else ended.si_status
        _bury_orphans(program)
        if gate.trouble:
            _say(f"ended because {gate.trouble}")
            return signal.SIGKILL
        if time.monotonic() < look_at:
            continue
        look_at = time.monotonic() + LOOK_EVERY_S
        if limits.memory(os.getpid()) > given.memory:
            _say(f"ended because it took more than {given.memory >> 20} MiB of memory")
            return signal.SIGKILL
        if limits.is_exhausted():
            _say("ended because this machine has hardly any memory left")
            return signal.SIGKILL


def _bury_orphans(program: int) -> None:
    """Take the exit codes of what lost its parent, up to the program's own."""
    while True:
        dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if dead is None or dead.si_pid == program:
            return
        os.waitpid(dead.si_pid, 0)


def _end_all(program: int) -> None:
    """Kill until nothing is left; behind walls the first signal reaches everything.

    That is the process group behind Landlock, which cannot be left, and the first process of the
    namespace with bubblewrap.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # none is left
        while True:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            for one in limits.descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            signal.sigtimedwait({signal.SIGCHLD}, 0.02)


def _end_like(status: int) -> NoReturn:
    if os.WIFSIGNALED(status):
        ending = os.WTERMSIG(status)
        if ending != signal.SIGKILL:
            signal.signal(ending, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {ending})
        os.kill(os.getpid(), ending)
    os._exit(os.waitstatus_to_exitcode(status))


def _say(what: str) -> None:
    os.write(2, f"reviewer's jail: {what}\n".encode(errors="backslashreplace"))
