"""The engine without a model: no key, no network, the same answer for the same commit.

It speaks of added lines only. What it finds on others is dropped by definition: a reviewer is
asked about a change, not about a history. The analyser is ruff; core/checks does the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ruff import find_ruff_bin  # type: ignore[import-untyped] # it ships no types

from reviewer_cli.core.checks import check_diff
from reviewer_cli.core.diff import FileDiff, FileStatus
from reviewer_cli.core.health import Sign, green
from reviewer_cli.core.models import Finding, Usage
from reviewer_cli.engines.child import started
from reviewer_cli.engines.ruff_report import RuffReport
from reviewer_cli.engines.ruff_rules import SELECTED
from reviewer_cli.errors import ConfigurationError, HeadError, ReviewTimeout
from reviewer_cli.ports.engine import Effort, Pass, Reply, ReviewRequest
from reviewer_cli.ports.jail import Cell, Jail
from reviewer_cli.scratch import private_directory

MOST_FINDINGS = 100
"""As many as core/reply.py accepts; the worst are kept and the last one says what was left out."""
FILES_AT_ONCE = 500
"""Times the longest path of a checkout (1000 bytes) stays below the kernel's 2 MB for arguments."""
LONGEST_LINE = 1 << 20
"""Bytes of one problem in ruff's answer; names in messages can be as long as a source line."""
START_S = 30
"""Seconds that `check` waits for ruff; it takes 0.02 s, a cold disk may take seconds."""

# Nothing is inherited: RUFF_* variables could change the rules, others could be secrets. Two
# threads at most, because several heads are reviewed at the same time.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "RAYON_NUM_THREADS": "2"}
# No file of the checkout can change anything: configuration, ignore files and the usual excluded
# directories are all switched off. The newest syntax is accepted, because which Python a project
# runs on is said in a file that the pull request can change.
ARGUMENTS = (
    *("check", "--isolated", "--no-respect-gitignore", "--no-force-exclude"),
    *("--no-cache", "--no-fix", "--no-preview", "--target-version", "py315"),
    # Names that IPython and gettext put among the built-in ones.
    *("--config", 'builtins=["get_ipython", "_"]'),
    *("--quiet", "--output-format", "json-lines"),
    *("--select", SELECTED),
)
FOUND_NOTHING, FOUND_SOME = 0, 1


class OfflineEngine:
    """Deterministic checks on the changed lines, with ruff for Python, which runs in the jail."""

    name = "offline"

    def __init__(self, jail: Jail, scratch: Path | None = None) -> None:
        """Private directories are made in `scratch`, where a killed sweep's are removed."""
        self._jail = jail
        self._scratch = scratch

    def passes(self, effort: Effort) -> tuple[Pass, ...]:
        """One pass whatever the effort: the same program finds the same things."""
        return (Pass.FIND,)

    def check(self) -> None:
        """Test the jail, and run ruff on nothing in it.

        Raises ConfigurationError when the jail does not hold or ruff is missing, broken or too old.
        """
        self._jail.check()
        program = _ruff()
        try:
            with self._cell() as cell:
                done = subprocess.run(
                    [*self._jail.command(program, cell), *ARGUMENTS, "-"],
                    env=ENVIRONMENT,
                    input=b"",
                    capture_output=True,
                    timeout=START_S,
                    check=False,
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigurationError(
                f"The ruff program could not be started ({type(error).__name__}); reinstall the "
                "package ruff."
            ) from error
        if done.returncode != FOUND_NOTHING:
            raise ConfigurationError(
                "The installed ruff does not know this engine's rules "
                f"({_last_line(done.stderr)}); upgrade the package ruff."
            )

    def examine(self) -> Iterator[Sign]:
        """Whether ruff runs and knows the rules; raises as `check` does."""
        self.check()
        yield green("offline engine", f"ruff {_ruff_version()}")

    def close(self) -> None:
        """Nothing is held between reviews."""

    async def review(self, request: ReviewRequest) -> Reply:
        """The findings of all checks, worst first.

        Raises ReviewTimeout at `deadline_s` seconds, HeadError when ruff fails or cannot be
        understood, ConfigurationError when it is missing.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(request.deadline_s):
                found = await self._run_ruff(request)
        except TimeoutError as error:
            raise ReviewTimeout(
                f"The offline checks took longer than {request.deadline_s:g} s and were stopped; "
                "raise the review deadline if this goes on."
            ) from error
        # In a thread: a large diff takes long enough to hold up the other heads of the batch.
        findings = _without_consequences(
            [*await asyncio.to_thread(check_diff, request.diff, request.fresh), *found]
        )
        return Reply(
            data={"findings": [_as_item(finding) for finding in _worst(findings)]},
            usage=Usage(duration_s=time.monotonic() - started),
            model=f"ruff {_ruff_version()}",
        )

    async def _run_ruff(self, request: ReviewRequest) -> list[Finding]:
        root = request.checkout.resolve()
        files = [file for file in request.diff.files if _is_analysed(file, root)]
        findings: list[Finding] = []
        for start in range(0, len(files), FILES_AT_ONCE):
            some = files[start : start + FILES_AT_ONCE]
            named = {_name_in_answer(root, file): file for file in some}
            report = RuffReport(root, named, request.fresh)
            with self._cell(root) as cell:
                command = _command(self._jail.command(_ruff(), cell), some)
                async with started(command, root, ENVIRONMENT, LONGEST_LINE) as process:
                    await _read(process, report)
            findings += report.findings()
        return findings

    @contextlib.contextmanager
    def _cell(self, checkout: Path | None = None) -> Iterator[Cell]:
        """What ruff may see: the checkout, and an empty directory of its own."""
        with private_directory("ruff-", self._scratch) as private:
            yield Cell(private=private, checkout=checkout, variables=frozenset(ENVIRONMENT))


def _without_consequences(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out that a file cannot be parsed where its conflict markers are reported anyway."""
    conflicts = {one.path for one in findings if one.rule == "conflict-marker"}
    return [
        one for one in findings if one.path not in conflicts or one.rule != "ruff-invalid-syntax"
    ]


def _ruff() -> Path:
    try:
        program = Path(find_ruff_bin())
    except FileNotFoundError as error:
        raise ConfigurationError(
            "The ruff program is not installed beside this one; reinstall the package ruff."
        ) from error
    if not os.access(program, os.X_OK):
        raise ConfigurationError(
            f"The ruff program {program} could not be started; reinstall the package ruff."
        )
    return program


def _ruff_version() -> str:
    try:
        return version("ruff")
    except PackageNotFoundError:
        return "of unknown version"


def _is_analysed(file: FileDiff, root: Path) -> bool:
    """A Python file that the checkout holds as a plain file: never a link, nothing outside.

    The diff and the checkout say themselves which files they left out, and why.
    """
    path = root / file.path
    return (
        file.status is not FileStatus.DELETED
        and path.suffix in (".py", ".pyi")
        and path.is_file()
        and path.resolve() == path
    )


def _command(ruff: Sequence[str], files: Sequence[FileDiff]) -> tuple[str, ...]:
    """A name that starts with `-` or `@` stays a name because each path starts with `./`."""
    return (*ruff, *ARGUMENTS, "--", *(f"./{file.path}" for file in files))


def _name_in_answer(root: Path, file: FileDiff) -> str:
    """How JSON spells the file's name: bytes that are not UTF-8 become replacement characters."""
    return os.fsencode(root / file.path).decode(errors="replace")


async def _read(process: asyncio.subprocess.Process, report: RuffReport) -> None:
    """Take in the whole answer; raises HeadError when ruff does not end as it should."""
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - pipes
    complaint = asyncio.create_task(_tail(process.stderr))
    try:
        async for line in process.stdout:
            report.add(line)
        code = await process.wait()
        if code not in (FOUND_NOTHING, FOUND_SOME):
            raise HeadError(
                f"ruff ended with {code} instead of an answer ({_last_line(await complaint)}); "
                "the head will be tried again."
            )
    except ValueError as error:  # asyncio's word for a line above its limit
        raise HeadError(
            f"ruff answered with a line of more than {LONGEST_LINE} bytes; "
            "look at the changed Python files by hand."
        ) from error
    finally:
        complaint.cancel()


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(65536):
        kept = (kept + chunk)[-2000:]
    return kept


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _worst(findings: list[Finding]) -> list[Finding]:
    """Worst first, in the same order every time; the last one kept says how many were left out."""
    ordered = sorted(findings, key=lambda one: (one.severity.rank, one.path, one.line, one.rule))
    kept, left_out = ordered[:MOST_FINDINGS], len(ordered) - MOST_FINDINGS
    if left_out > 0:
        note = f"\n\n{left_out} more findings, none of them worse, were left out of this review."
        kept[-1] = replace(kept[-1], body=kept[-1].body + note)
    return kept


def _as_item(finding: Finding) -> dict[str, object]:
    """The finding as core/reply.py spells it; what is not Unicode in it is written out."""
    return {
        name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for name, value in asdict(finding).items()
    }
