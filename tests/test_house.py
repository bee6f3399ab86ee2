"""The house rules that no other tool sees; each message names the room where a thing belongs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "reviewer_cli"
MOST_LINES = 300
MOST_FUNCTION_LINES = 60

#: Library → the places that may import it, relative to the package.
HOMES = {
    "github": ("hosts/github",),
    "claude_agent_sdk": ("engines/agent",),
    "aiohttp": ("engines/model_",),
    "sqlite_utils": ("ledger/",),
    "sqlite3": ("ledger/",),
    "apscheduler": ("schedule/",),
    "tenacity": ("retry.py",),
    "typer": ("cli/",),
    "rich": ("render/", "cli/"),
    "pydantic": ("core/reply.py", "core/digest_json.py", "config/"),
    "jinja2": ("render/",),
    "apprise": ("notify/",),
    "ruff": ("engines/offline",),
    "hvac": ("config/vault.py",),
    "keyring": ("config/system_keyring.py",),
    "boto3": ("config/aws.py",),
    "botocore": ("config/aws.py",),
    "subprocess": ("git/", "jail/", "engines/child", "engines/offline", "config/commands.py"),
}
ROOMS = (
    *("cli", "config", "contract", "core", "core/checks", "digest", "doctor", "engines", "git"),
    *("hosts", "hosts/github", "jail", "jail/inside", "ledger", "notify", "ports", "render"),
    *("schedule", "sweep", "wiring"),
)
FRONT = ("__init__", "__main__", "errors", "retry", "scratch", "telemetry")
NAMELESS = ("utils", "util", "helpers", "helper", "common", "manager", "misc", "shared", "tools")
CLOCKS = ("now", "today", "time", "monotonic", "perf_counter", "utcnow", "time_ns")
PROCESSES = ("create_subprocess_exec", "create_subprocess_shell", "system", "popen", "fork")


@dataclass(frozen=True)
class Source:
    """One file of the package; `name` is its path below it."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


Rule = Callable[[Source], Iterator[str]]


def imports(source: Source) -> Iterator[str]:
    """The first name of every absolute import, wherever it stands in the file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def at_home(source: Source, library: str) -> bool:
    return source.name.startswith(HOMES[library])


def each_library_has_one_home(source: Source) -> Iterator[str]:
    for library in sorted(set(imports(source)) & set(HOMES)):
        if not at_home(source, library):
            yield f"imports {library}, whose home is {' or '.join(HOMES[library])}"


def processes_start_in_few_rooms(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and (
            node.attr in PROCESSES or node.attr.startswith(("exec", "spawn", "posix_spawn"))
        ):
            module = node.value.id if isinstance(node.value, ast.Name) else ""
            if module in ("asyncio", "os") and not at_home(source, "subprocess"):
                homes = " or ".join(HOMES["subprocess"])
                yield f"starts a process in line {node.lineno}; that is done in {homes}"


def files_are_one_room(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > MOST_LINES:
        yield f"has {lines} lines, more than {MOST_LINES}: are these two rooms?"


def files_have_a_place(source: Source) -> Iterator[str]:
    room, _, file = source.name.rpartition("/")
    stem = file.removesuffix(".py")
    if stem in NAMELESS:
        yield "is named for nothing it does; name it for what it does"
    elif room and room not in ROOMS:
        yield f"stands in a room that the house does not have; its rooms are {', '.join(ROOMS)}"
    elif not room and stem not in FRONT:
        yield f"stands at the front door, where only {', '.join(FRONT)} are; put it in a room"


def functions_fit_a_screen(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield f"{node.name} has {lines} lines, more than {MOST_FUNCTION_LINES}"


def what_is_public_has_a_docstring(source: Source) -> Iterator[str]:
    if not source.name.endswith("__init__.py") and not ast.get_docstring(source.tree):
        yield "has no docstring that says what lives here"
    elif source.name.endswith("__init__.py") and not ast.get_docstring(source.tree):
        yield "has no docstring that says what this room is for"
    yield from _undocumented(source.tree)


def _undocumented(scope: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in scope.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{node.name} in line {node.lineno} has no docstring with its promise"
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _undocumented(node)


def core_reads_no_clock(source: Source) -> Iterator[str]:
    if not source.name.startswith("core/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in CLOCKS:
                yield f"reads a clock in line {node.lineno}; in core the time is an argument"


RULES: tuple[Rule, ...] = (
    each_library_has_one_home,
    processes_start_in_few_rooms,
    files_are_one_room,
    files_have_a_place,
    functions_fit_a_screen,
    what_is_public_has_a_docstring,
    core_reads_no_clock,
)


def sources(house: Path) -> list[Source]:
    return [
        Source(path.relative_to(house).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(house.rglob("*.py"))
    ]


def complaints(house: Path, rule: Rule) -> list[str]:
    return [f"{source.name} {said}" for source in sources(house) for said in rule(source)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_in_order(rule: Rule) -> None:
    assert complaints(HOUSE, rule) == []


def test_the_rules_see_the_whole_house() -> None:
    assert len(sources(HOUSE)) > 60
    names = {source.name for source in sources(HOUSE)}
    assert names >= {"wiring/doors.py", "core/checks/secrets.py"}


GOOD = '"""What lives here."""\n'
LONG = f"{GOOD}def long():\n    '''Promise.'''\n" + "    x = 1\n" * 60


@pytest.mark.parametrize(
    ("rule", "name", "text", "words"),
    [
        (each_library_has_one_home, "core/x.py", "import rich.text", "whose home is render/"),
        (each_library_has_one_home, "cli/x.py", "import sqlite3", "whose home is ledger/"),
        (each_library_has_one_home, "sweep/x.py", "from tenacity import retry", "is retry.py"),
        (each_library_has_one_home, "git/x.py", "def f():\n    import typer", "home is cli/"),
        (each_library_has_one_home, "engines/batch.py", "import claude_agent_sdk", "agent"),
        (each_library_has_one_home, "hosts/local_git.py", "import github", "hosts/github"),
        (each_library_has_one_home, "core/models.py", "import pydantic", "core/reply.py or"),
        (each_library_has_one_home, "sweep/x.py", "import subprocess", "home is git/ or jail/"),
        (processes_start_in_few_rooms, "sweep/x.py", "asyncio.create_subprocess_exec()", "git/"),
        (processes_start_in_few_rooms, "wiring/x.py", "import os\nos.system('x')", "line 2"),
        (processes_start_in_few_rooms, "cli/x.py", "os.execv('x', [])", "starts a process"),
        (processes_start_in_few_rooms, "cli/x.py", "os.posix_spawn('x', [])", "starts a process"),
        (files_are_one_room, "core/x.py", "x = 1\n" * 301, "301 lines, more than 300: are these"),
        (files_have_a_place, "core/utils.py", GOOD, "named for nothing it does"),
        (files_have_a_place, "helpers.py", GOOD, "named for nothing it does"),
        (files_have_a_place, "attic/x.py", GOOD, "a room that the house does not have"),
        (files_have_a_place, "x.py", GOOD, "put it in a room"),
        (functions_fit_a_screen, "core/x.py", LONG, "long has 62 lines, more than 60"),
        (what_is_public_has_a_docstring, "core/x.py", "x = 1", "no docstring that says what"),
        (what_is_public_has_a_docstring, "core/__init__.py", "", "what this room is for"),
        (what_is_public_has_a_docstring, "x.py", f"{GOOD}def f(): ...", "f in line 2 has no"),
        (what_is_public_has_a_docstring, "x.py", f"{GOOD}class A: ...", "A in line 2 has no"),
        (
            what_is_public_has_a_docstring,
            "x.py",
            f"{GOOD}class A:\n    '''A.'''\n    async def f(self): ...",
            "f in line 4 has no docstring",
        ),
        (core_reads_no_clock, "core/x.py", "datetime.now()", "the time is an argument"),
        (core_reads_no_clock, "core/checks/x.py", "x = date.today()", "reads a clock in line 1"),
        (core_reads_no_clock, "core/x.py", "from time import time\ntime()", "in line 2"),
    ],
)
def test_each_rule_finds_what_breaks_it(
    rule: Rule, name: str, text: str, words: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (found,) = complaints(tmp_path, rule)
    assert found.startswith(f"{name} ")
    assert words in found


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (each_library_has_one_home, "retry.py", "import tenacity, enum"),
        (each_library_has_one_home, "engines/agent_options.py", "import claude_agent_sdk"),
        (each_library_has_one_home, "hosts/github/api.py", "import github"),
        (processes_start_in_few_rooms, "engines/child.py", "asyncio.create_subprocess_exec()"),
        (processes_start_in_few_rooms, "cli/x.py", "db.execute('x'); loop.run_in_executor()"),
        (what_is_public_has_a_docstring, "x.py", f"{GOOD}def _f(): ...\nclass _A: ..."),
        (core_reads_no_clock, "sweep/x.py", "time.time()"),
        (core_reads_no_clock, "core/x.py", "delay(time=now)"),
    ],
)
def test_no_rule_complains_of_what_is_in_order(
    rule: Rule, name: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert complaints(tmp_path, rule) == []
