"""The offline engine with the real ruff on real files: changed lines only, and nothing obeyed."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, parse_hunks
from reviewer_cli.core.models import Finding, Head, HeadKey, Severity
from reviewer_cli.core.reply import parse_findings
from reviewer_cli.engines import offline
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.engines.ruff_report import RuffReport
from reviewer_cli.engines.ruff_rules import RULES
from reviewer_cli.errors import ConfigurationError, HeadError, ReviewTimeout
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.engine import Brief, Effort, Pass, Reply, ReviewRequest

HEAD = Head(
    key=HeadKey("github.com", "acme/app", "7", "a" * 40),
    head_ref="topic",
    base_ref="main",
    base_sha="b" * 40,
)


def added(path: str, *lines: str) -> FileDiff:
    patch = "\n".join([f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])
    return FileDiff(path=path, old_path=path, status=FileStatus.ADDED, hunks=parse_hunks(patch))


def changed(path: str, patch: str) -> FileDiff:
    return FileDiff(path=path, old_path=path, status=FileStatus.MODIFIED, hunks=parse_hunks(patch))


def head_text(file: FileDiff) -> str:
    lines = [line for hunk in file.hunks for line in hunk.lines if line.new is not None]
    return "\n".join(line.text for line in lines) + "\n"


def request(checkout: Path, *files: FileDiff, deadline_s: float = 20) -> ReviewRequest:
    return ReviewRequest(
        head=HEAD,
        diff=Diff(merge_base="b" * 40, files=files),
        checkout=checkout,
        brief=Brief(instructions="", prompt="", schema={}),
        deadline_s=deadline_s,
        max_usd=0,
    )


def reply(checkout: Path, *files: FileDiff) -> Reply:
    """A review of a checkout that holds these files as the diff shows them."""
    for file in files:
        path = checkout / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(head_text(file), encoding="utf-8", errors="surrogateescape")
    return asyncio.run(OfflineEngine(Launcher()).review(request(checkout, *files)))


def review(checkout: Path, *files: FileDiff) -> tuple[Finding, ...]:
    return parse_findings(reply(checkout, *files).data)


def rules(findings: tuple[Finding, ...]) -> list[tuple[str, str, int]]:
    return [(finding.path, finding.rule, finding.line) for finding in findings]


def broken_ruff(path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program in ruff's place, for the ways in which ruff itself can fail."""
    program = path / "ruff"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(offline, "find_ruff_bin", lambda: str(program))


def test_the_installed_ruff_knows_every_rule() -> None:
    OfflineEngine(Launcher()).check()
    assert OfflineEngine(Launcher()).passes(Effort.HIGH) == (Pass.FIND,)


def test_every_rule_has_a_category_that_the_reply_schema_takes(tmp_path: Path) -> None:
    for code, rule in RULES.items():
        items = [
            {
                "path": "a.py",
                "line": 1,
                "severity": rule.severity,
                "category": rule.category,
                "title": rule.title,
                "body": rule.consequence,
                "quote": "x",
                "confidence": 1.0,
                "rule": f"ruff-{code}",
            }
        ]
        assert parse_findings({"findings": items})


def test_defects_on_added_lines_are_found_with_the_line_as_quote(tmp_path: Path) -> None:
    file = added(
        "app.py", "def f(items=[]):", "    assert (items, 'never empty')", "    return undefined"
    )
    answer = reply(tmp_path, file)
    found = parse_findings(answer.data)
    assert rules(found) == [
        ("app.py", "ruff-F821", 3),
        ("app.py", "ruff-B006", 1),
        ("app.py", "ruff-F631", 2),
    ]
    assert found[0].quote == "    return undefined"
    assert "Undefined name `undefined`" in found[0].body
    assert found[0].confidence == 1.0
    assert answer.model.startswith("ruff ")
    assert answer.usage.usd == 0
    assert answer.usage.duration_s > 0


def test_lines_that_the_change_does_not_add_are_not_spoken_of(tmp_path: Path) -> None:
    file = changed(
        "app.py",
        "@@ -1,3 +1,4 @@\n a = undefined_before\n+b = undefined_now\n c = also_before\n d = 1",
    )
    assert rules(review(tmp_path, file)) == [("app.py", "ruff-F821", 2)]


def test_a_clean_change_is_an_explicit_empty_list(tmp_path: Path) -> None:
    assert reply(tmp_path, added("app.py", "x = 1")).data == {"findings": []}


@pytest.mark.parametrize("name", ["ruff.toml", ".ruff.toml", "pyproject.toml"])
def test_configuration_in_the_checkout_is_not_obeyed(tmp_path: Path, name: str) -> None:
    table = "tool.ruff" if name == "pyproject.toml" else ""
    lint = f"{table}.lint".lstrip(".")
    text = (
        (f"[{table}]\n" if table else "")
        + "extend = '/etc/passwd'\nexclude = ['**']\nforce-exclude = true\n"
        + f"[{lint}]\nignore = ['ALL']\nselect = []\n"
        + f"[{lint}.per-file-ignores]\n'*' = ['ALL']\n"
    )
    (tmp_path / name).write_text(text)
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / name).write_text(text)
    found = review(tmp_path, added("app.py", "x = undefined"), added("build/b.py", "x = undefined"))
    assert rules(found) == [("app.py", "ruff-F821", 1), ("build/b.py", "ruff-F821", 1)]


def test_our_environment_cannot_change_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "concise")
    monkeypatch.setenv("RUFF_OUTPUT_FILE", str(tmp_path / "planted"))
    assert len(review(tmp_path, added("app.py", "x = undefined"))) == 1
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize(
    "name",
    [
        "-a.py",
        "--output-file=planted.py",
        "@arguments.py",
        "with space.py",
        "na\u00efve \u65e5\u672c.py",
        "new\nline.py",
        "sub/[x]{a,b}*.py",
        "stub.pyi",
    ],
)
def test_a_hostile_file_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    assert rules(review(tmp_path, added(name, "x = undefined"))) == [(name, "ruff-F821", 1)]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [tmp_path / name]


def test_a_syntax_error_is_one_finding(tmp_path: Path) -> None:
    found = review(tmp_path, added("app.py", "def f(:", "  x = ", "", "class"))
    assert rules(found) == [("app.py", "ruff-invalid-syntax", 1)]
    assert found[0].severity is Severity.HIGH


def test_a_syntax_error_is_blamed_on_the_changed_line_above_it(tmp_path: Path) -> None:
    file = changed(
        "app.py",
        "@@ -1,4 +1,4 @@\n def f():\n-    x = g(1)\n+    x = g(1,\n     y = 2\n     return y",
    )
    assert rules(review(tmp_path, file)) == [("app.py", "ruff-invalid-syntax", 2)]


def test_an_old_syntax_error_elsewhere_is_not_blamed_on_the_change(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\n" + "\n" * 40 + "print 'old'\n")
    assert review(tmp_path, changed("app.py", "@@ -0,0 +1,1 @@\n+x = 1\n \n \n ")) == ()


def test_syntax_of_the_newest_python_is_not_an_error(tmp_path: Path) -> None:
    lines = ["type Pair[T] = tuple[T, T]", "match Pair:", "    case _:", "        name = t'{Pair}'"]
    assert review(tmp_path, added("app.py", *lines)) == ()


@pytest.mark.parametrize("wrong", ["def f(a, a): pass", "match 1:", "    case _: pass"])
def test_a_file_that_cannot_be_parsed_gets_no_other_finding(tmp_path: Path, wrong: str) -> None:
    lines = ("x = undefined", "match x:", "    case _: pass", "    case 1: pass", wrong)
    assert [one.rule for one in review(tmp_path, added("app.py", *lines))] == [
        "ruff-invalid-syntax"
    ]


def test_an_old_mistake_in_the_syntax_silences_what_follows_from_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = undefined\n" + "\n" * 40 + "def f(a, a): pass\n")
    assert review(tmp_path, changed("app.py", "@@ -0,0 +1,1 @@\n+x = undefined\n \n \n ")) == ()


TWICE = ["def f(a): ...", "def f(b): ..."]
SHARED = [
    ["from .compat import overload", "@overload", TWICE[0], "@overload", TWICE[1]],
    ["import t", "@t.overload", TWICE[0], "@t.overload", TWICE[1]],
    ["import b", "@b.typing_extensions.overload", TWICE[0], TWICE[1]],
    ["import t", TWICE[0], "@t.overload  # why", "# a word", "", TWICE[1]],
    ["import t", TWICE[0], "@t.overload", "@t.more(", "    1,", ")", TWICE[1]],
    ["import t", TWICE[0], "@t.event.register('b')", "async " + TWICE[1]],
    ["import t", TWICE[0], "@t.field.setter", TWICE[1]],
    ["import t", TWICE[0], "@t.field.getter", TWICE[1]],
    ["import t", TWICE[0], "@t.field.deleter", TWICE[1]],
]
OVERWRITTEN = [
    TWICE,
    ["import t", "@t.retry", TWICE[0], "@t.retry", TWICE[1]],
    ["import t", "@t.overloaded", TWICE[0], "@t.overloaded", TWICE[1]],
    ["import t", TWICE[0], "@t.retry(t.overload)", TWICE[1]],
    ["import t", "@t.overload", "def g(): ...", *TWICE],
    ["import t", TWICE[0], "def g():", "    @t.register", "    def h(): ...", TWICE[1]],
    ["import t", TWICE[0], "class C:", "    @t.register", "    def h(self): ...", TWICE[1]],
    ["import t", "@t.overload", TWICE[0], "def f(c): ...", TWICE[1]],
]


@pytest.mark.parametrize("lines", SHARED)
def test_a_decorator_may_let_definitions_share_a_name(tmp_path: Path, lines: list[str]) -> None:
    assert review(tmp_path, added("app.py", *lines)) == ()


@pytest.mark.parametrize("lines", OVERWRITTEN)
def test_a_definition_that_is_overwritten_is_reported(tmp_path: Path, lines: list[str]) -> None:
    assert rules(review(tmp_path, added("app.py", *lines))) == [("app.py", "ruff-F811", len(lines))]


def test_a_decorator_outside_the_diff_counts_too(tmp_path: Path) -> None:
    above = ["import t", TWICE[0], "@t.overload", *["@t.more"] * 9]
    (tmp_path / "app.py").write_bytes("\r\n".join([*above, TWICE[1], ""]).encode())
    patch = "@@ -10,3 +10,4 @@\n @t.more\n @t.more\n @t.more\n+def f(b): ..."
    assert review(tmp_path, changed("app.py", patch)) == ()


def test_repeated_problems_of_a_file_are_one_finding(tmp_path: Path) -> None:
    [finding] = review(tmp_path, added("app.py", "a = one", "b = 1", "c = two", "d = three"))
    assert finding.line == 1
    assert "lines 3 and 4" in finding.body


def test_noqa_is_honoured(tmp_path: Path) -> None:
    assert review(tmp_path, added("app.py", "x = undefined  # noqa: F821")) == ()


def test_a_safe_fix_of_one_line_is_suggested(tmp_path: Path) -> None:
    [finding] = review(tmp_path, added("app.py", "def f(x):", "    raise NotImplemented"))
    assert finding.suggestion == "    raise NotImplementedError"
    [finding] = review(tmp_path, added("b.py", "def f(x=[]):", "    return x"))
    assert finding.suggestion is None


def test_tests_may_do_what_production_code_may_not(tmp_path: Path) -> None:
    lines = ("import yaml", "x = yaml.load(open('a'), Loader=yaml.Loader)")
    assert [one.rule for one in review(tmp_path, added("app.py", *lines))] == ["ruff-S506"]
    assert review(tmp_path, added("tests/test_app.py", *lines)) == ()


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        ("B015", ["def f(a, b):", "    a < b"]),
        ("RUF032", ["from decimal import Decimal", "x = Decimal(0.1)"]),
        ("S113", ["import requests", "requests.get('https://acme.org')"]),
    ],
)
def test_tests_compare_and_call_as_they_like(tmp_path: Path, rule: str, lines: list[str]) -> None:
    assert rules(review(tmp_path, added("app.py", *lines))) == [("app.py", f"ruff-{rule}", 2)]
    assert review(tmp_path, added("tests/test_app.py", *lines)) == ()


@pytest.mark.parametrize(
    "lines",
    [
        ["from a import names", "__all__ = 1 and names"],
        ["def f():", "    raise"],
        ["exec(open('a').read())"],
    ],
)
def test_idioms_are_not_spoken_of(tmp_path: Path, lines: list[str]) -> None:
    assert review(tmp_path, added("app.py", *lines)) == ()


def test_a_literal_shell_command_is_excused(tmp_path: Path) -> None:
    lines = ("import subprocess", "subprocess.run('ls | wc', shell=True)")
    assert review(tmp_path, added("app.py", *lines)) == ()
    lines = ("import subprocess", "def f(x):", "    subprocess.run('ls ' + x, shell=True)")
    assert rules(review(tmp_path, added("b.py", *lines))) == [("b.py", "ruff-S602", 3)]


def test_other_languages_get_the_checks_for_any_language(tmp_path: Path) -> None:
    found = review(tmp_path, added("app.c", "<<<<<<< HEAD", "int x; /* \u202e */"))
    assert [one.rule for one in found] == ["conflict-marker", "bidi-control"]


def test_a_secret_is_not_repeated_by_the_finding_beside_it(tmp_path: Path) -> None:
    secret = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbCdE"
    line = f"x = undefined({{'{secret}': 1, '{secret}': 2}})"
    found = review(tmp_path, added("app.py", line))
    assert {one.rule for one in found} == {"secret-github-token", "ruff-F821", "ruff-F601"}
    assert secret[5:] not in repr(found)


def test_a_file_that_ruff_cannot_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(b"name = '\xe9'\n")
    [finding] = review(tmp_path, added("app.py", "name = '\ufffd'"))
    assert (finding.rule, finding.severity) == ("ruff-E902", Severity.LOW)


def test_links_and_paths_outside_the_checkout_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x = undefined\n")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "link.py").symlink_to(tmp_path / "secret.py")
    (checkout / "up").symlink_to(tmp_path)
    names = ("link.py", "up/secret.py", "../secret.py")
    assert review(checkout, *(added(name, "x = undefined") for name in names)) == ()


def test_more_findings_than_the_schema_takes_are_cut_worst_first(tmp_path: Path) -> None:
    files = [added(f"f{number:03}.py", "x = undefined") for number in range(120)]
    found = review(tmp_path, added("a.py", "def f(x=[]):", "    pass"), *files)
    assert len(found) == 100
    assert {one.rule for one in found} == {"ruff-F821"}
    assert "21 more findings" in found[-1].body


def test_text_that_is_not_unicode_does_not_break_the_reply(tmp_path: Path) -> None:
    [finding] = review(tmp_path, added("a\udce9.c", "<<<<<<< \udce9"))
    assert finding.path == "a\\udce9.c"


def test_a_crash_of_ruff_is_never_a_clean_review(tmp_path: Path) -> None:
    """Deep nesting overflows the stack of ruff 0.17; the text checks alone would not be enough."""
    file = added("app.py", "x = " + "-" * 200_000 + "1")
    with pytest.raises(HeadError, match="ruff ended with"):
        review(tmp_path, file)


@pytest.mark.parametrize(
    "script",
    [
        "echo 'not json'; exit 1",
        "echo '{}'; exit 1",
        "echo '[]'; exit 1",
        """printf '{"filename":"%s/app.py","code":"F8' "$PWD"; exit 1""",
        "exit 2",
        "kill -9 $$",
        "head -c 3000000 /dev/zero; exit 1",
        "head -c 3000000 /dev/zero >&2; exit 2",
    ],
)
def test_an_unreadable_answer_is_never_a_clean_review(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    broken_ruff(tmp_path, monkeypatch, script)
    with pytest.raises(HeadError):
        review(tmp_path, added("app.py", "x = 1"))


def test_a_rule_that_was_not_asked_for_is_an_error() -> None:
    report = RuffReport(Path("/"), {"/a.py": added("a.py", "x")})
    with pytest.raises(HeadError):
        report.add(b'{"filename": "/a.py", "code": "panic", "message": "", "fix": null}')


def test_check_refuses_a_ruff_that_is_missing_broken_or_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_ruff(tmp_path, monkeypatch, "echo 'Unknown rule selector' >&2; exit 2")
    with pytest.raises(ConfigurationError, match="Unknown rule selector"):
        OfflineEngine(Launcher()).check()
    (tmp_path / "ruff").chmod(0o600)
    with pytest.raises(ConfigurationError, match="could not be started"):
        OfflineEngine(Launcher()).check()

    def missing() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(offline, "find_ruff_bin", missing)
    with pytest.raises(ConfigurationError, match="not installed"):
        OfflineEngine(Launcher()).check()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def soon_dead(pid: int) -> bool:
    until = time.monotonic() + 3
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(pid)


HANGING = 'sleep 60 & echo $! >"$PWD/child"; echo $$ >"$PWD/self"; wait'


def test_the_deadline_stops_ruff_and_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_ruff(tmp_path, monkeypatch, HANGING)
    (tmp_path / "app.py").write_text("x = 1\n")
    ask = request(tmp_path, added("app.py", "x = 1"), deadline_s=0.5)
    with pytest.raises(ReviewTimeout):
        asyncio.run(OfflineEngine(Launcher()).review(ask))
    for name in ("self", "child"):
        assert soon_dead(int((tmp_path / name).read_text()))


def test_cancelling_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_ruff(tmp_path, monkeypatch, HANGING)
    (tmp_path / "app.py").write_text("x = 1\n")

    async def cancelled() -> None:
        task = asyncio.create_task(
            OfflineEngine(Launcher()).review(request(tmp_path, added("app.py", "x = 1")))
        )
        while not (tmp_path / "self").exists() or not (tmp_path / "self").read_text():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    for name in ("self", "child"):
        assert soon_dead(int((tmp_path / name).read_text()))
