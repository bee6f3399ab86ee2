"""What mutation testing found: figures in docs/reliability.md, survivors in a file of their own.

mutmut changes one thing of the program at a time, and some test should fail. `python -m
tests.mutation` reads what `mutmut run` left in `mutants/`, and fails when too few were killed,
when one was let live that `tests/survivors.py` does not explain, and when an explanation explains
nothing. It does not see what is no function: the SQL that stands beside them is held by the
ledger's tests against its model.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from reviewer_cli.ledger.schema import migrations
from tests.survivors import EXPLAINED

DOCS = Path(__file__).parents[1] / "docs"
RELIABILITY, SURVIVORS = DOCS / "reliability.md", DOCS / "mutation-survivors.md"
BEGIN, END = "<!-- counted by make mutation -->", "<!-- end of the mutants -->"
LEAST = 0.85
KILLED = ("killed", "timeout", "segfault")

LITERAL, VALUE = re.compile('"([^"]*)"'), re.compile("'[^']*'")
SQL = re.compile(
    r"\b(PRAGMA|FROM|WHERE|JOIN|ORDER BY|AND|UPDATE|DELETE|OR REPLACE|OR IGNORE)\b| = [A-Z]+$"
)


class NotGoodEnough(Exception):
    """What has to be mended before the figures can be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change: `before` and `after` are the lines it concerns, joined and stripped."""

    file: str
    function: str
    before: str
    after: str
    is_killed: bool

    @property
    def change(self) -> str:
        """The change as an explanation's pattern sees it."""
        return f"{self.file} {self.function}: {self.before} → {self.after}"

    @property
    def is_letter_case(self) -> bool:
        """Whether only letters changed their size, in words that SQLite reads in either case.

        Those are its statements, without the values that they compare, and the schema's names.
        """
        if self.before.lower() != self.after.lower():
            return False
        both = zip(LITERAL.findall(self.before), LITERAL.findall(self.after), strict=True)
        changed = [(was, now) for was, now in both if was != now]
        return bool(changed) and all(
            VALUE.findall(was) == VALUE.findall(now) and (was in NAMES or SQL.search(was))
            for was, now in changed
        )


def _names() -> frozenset[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrations.apply(Database(db))
        tables = [table.name for table in Database(db).tables]
        columns = [name for table in Database(db).tables for name in table.columns_dict]
    return frozenset(tables + columns)


NAMES = _names()
"""Every table and column of the ledger."""

Explained = Mapping[str, Sequence[Mutant]]
"""The survivors by the pattern that explains them."""


def explained(mutants: Sequence[Mutant]) -> Explained:
    """Each survivor with the first explanation that fits.

    Raises NotGoodEnough when there is none, when one is idle, or when too few were killed.
    """
    found: dict[str, list[Mutant]] = defaultdict(list)
    faults = []
    killed = sum(one.is_killed for one in mutants)
    if killed < LEAST * len(mutants) or not mutants:
        faults.append(f"only {killed} of {len(mutants)} mutants were killed")
    for one in mutants:
        if one.is_killed:
            continue
        fits = (pattern for pattern, _ in EXPLAINED if _fits(pattern, one))
        if pattern := next(fits, None):
            found[pattern].append(one)
        else:
            faults.append(f"no explanation: {one.change}")
    faults += [f"explains nothing: {pattern}" for pattern, _ in EXPLAINED if pattern not in found]
    if faults:
        raise NotGoodEnough("\n".join(faults))
    return found


def _fits(pattern: str, one: Mutant) -> bool:
    if pattern == "letter case":
        return one.is_letter_case
    return re.search(pattern, one.change) is not None


def section(mutants: Sequence[Mutant]) -> str:
    """The figures of each file as Markdown, for docs/reliability.md."""
    return "\n".join([BEGIN, *_figures(mutants), "", _reference(mutants), END])


def _figures(mutants: Sequence[Mutant]) -> Iterator[str]:
    total = Counter(one.file for one in mutants)
    killed = Counter(one.file for one in mutants if one.is_killed)
    yield "| file | mutants | killed | share |"
    yield "|---|--:|--:|--:|"
    for file in sorted(total):
        yield f"| `{file}` | {total[file]} | {killed[file]} | {killed[file] / total[file]:.0%} |"
    whole, dead = total.total(), killed.total()
    yield f"| all | {whole:,} | {dead:,} | {dead / whole:.1%} |"


def _reference(mutants: Sequence[Mutant]) -> str:
    alive = sum(not one.is_killed for one in mutants)
    return f"The {alive:,} that survive are explained in [{SURVIVORS.name}]({SURVIVORS.name})."


def document(mutants: Sequence[Mutant], survivors: Explained) -> str:
    """All of docs/mutation-survivors.md."""
    killed = sum(one.is_killed for one in mutants)
    opening = (
        "# What no test of the ledger and of posting sees\n\n"
        "`make mutation` writes this page. It changed functions of the ledger and of posting\n"
        "(`only_mutate` in pyproject.toml) in one place at a time, and after each change ran the\n"
        f"quick tests that reach the place. Of {len(mutants):,} changes {killed:,} made a test "
        "fail, hang or crash.\n"
        f"The other {len(mutants) - killed:,} stand below, and why they may live: a person's "
        "judgement (tests/survivors.py),\nnot a measurement. The slower tests were not asked.\n"
    )
    return "\n".join([opening, *_survivors(survivors)])


def _survivors(survivors: Explained) -> Iterator[str]:
    for pattern, why in EXPLAINED:
        ones = survivors[pattern]
        yield f"## {len(ones)}: {why}\n"
        for one in sorted(ones, key=lambda one: one.change):
            yield f"* `{one.file}` {one.function}: {_code(one.before)} → {_code(one.after)}"
        yield ""


def _code(text: str) -> str:
    return f"``{text}``" if text else "nothing"


def read() -> list[Mutant]:
    """All mutants of the last run; raises NotGoodEnough when it was not finished."""
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code

    mutants = []
    for meta in sorted(Path("mutants/reviewer_cli").rglob("*.meta")):
        data = SourceFileMutationData(path=meta.relative_to("mutants").with_suffix(""))
        data.load()
        for name, exit_code in data.exit_code_by_key.items():
            if exit_code is None:
                raise NotGoodEnough("mutmut did not come to its end")
            is_killed = status_by_exit_code[exit_code] in KILLED
            diff = "" if is_killed else get_diff_for_mutant(name, path=data.path)
            mutants.append(_mutant(str(data.path), name, diff, is_killed=is_killed))
    return mutants


def _mutant(path: str, name: str, diff: str, *, is_killed: bool) -> Mutant:
    lines = diff.splitlines()[2:]
    function = name.rpartition(".")[2].partition("__mutmut_")[0]
    return Mutant(
        file=path.removeprefix("reviewer_cli/"),
        function=function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", "."),
        before=" ".join(line[1:].strip() for line in lines if line.startswith("-")),
        after=" ".join(line[1:].strip() for line in lines if line.startswith("+")),
        is_killed=is_killed,
    )


def written_into(text: str, new: str) -> str:
    """The document with a new section in the place of the old one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NotGoodEnough(f"{RELIABILITY.name} has no place for the mutants")
    return before + new + after


def main() -> int:
    """Write both documents, or say why not."""
    try:
        mutants = read()
        survivors = document(mutants, explained(mutants))
        figures = written_into(RELIABILITY.read_text(encoding="utf-8"), section(mutants))
    except NotGoodEnough as why:
        sys.stderr.write(f"What mutation testing found is not written:\n{why}\n")
        return 1
    SURVIVORS.write_text(survivors, encoding="utf-8")
    RELIABILITY.write_text(figures, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
