"""What mutation testing found, written into docs/reliability.md.

mutmut changes one thing of the program at a time, and some test should fail. `python -m
tests.mutation` reads what `mutmut run` left in `mutants/`, and fails when too few were killed,
when one was let live that `tests/survivors.py` does not explain, and when an explanation explains
nothing. It does not see what is no function: the SQL that stands beside them is held by the
ledger's tests against its model.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.survivors import EXPLAINED

ROOT = Path(__file__).parents[1]
RELIABILITY = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- counted by make mutation -->", "<!-- end of the mutants -->"
LEAST = 0.85
VALUE = re.compile("'[^']*'")
KILLED = ("killed", "timeout", "segfault")


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
        """Whether only letters changed their size, and none in a value that SQL compares."""
        values = VALUE.findall(self.before) == VALUE.findall(self.after)
        return values and self.before.lower() == self.after.lower()


def section(mutants: list[Mutant]) -> str:
    """The figures and the survivors as Markdown.

    Raises NotGoodEnough.
    """
    alive = [one for one in mutants if not one.is_killed]
    share = 1 - len(alive) / len(mutants) if mutants else 0.0
    explained, unexplained = _explained(alive)
    idle = [pattern for pattern, _ in EXPLAINED if pattern not in explained]
    faults = [f"no explanation: {one.change}" for one in unexplained]
    faults += [f"explains nothing: {pattern}" for pattern in idle]
    if share < LEAST:
        faults.insert(0, f"only {share:.1%} of {len(mutants)} mutants were killed")
    if faults:
        raise NotGoodEnough("\n".join(faults))
    return "\n".join([BEGIN, *_figures(mutants), "", *_survivors(explained), END])


def _explained(alive: Iterable[Mutant]) -> tuple[dict[str, list[Mutant]], list[Mutant]]:
    """The survivors by the first pattern that fits, and those that none fits."""
    explained: dict[str, list[Mutant]] = defaultdict(list)
    unexplained = []
    for one in alive:
        fits = (pattern for pattern, _ in EXPLAINED if _fits(pattern, one))
        if pattern := next(fits, None):
            explained[pattern].append(one)
        else:
            unexplained.append(one)
    return explained, unexplained


def _fits(pattern: str, one: Mutant) -> bool:
    if pattern == "letter case":
        return one.is_letter_case
    return re.search(pattern, one.change) is not None


def _figures(mutants: list[Mutant]) -> Iterator[str]:
    total = Counter(one.file for one in mutants)
    killed = Counter(one.file for one in mutants if one.is_killed)
    yield "| file | mutants | killed | share |"
    yield "|---|--:|--:|--:|"
    for file in sorted(total):
        yield f"| `{file}` | {total[file]} | {killed[file]} | {killed[file] / total[file]:.0%} |"
    whole, dead = total.total(), killed.total()
    yield f"| all | {whole:,} | {dead:,} | {dead / whole:.1%} |"


def _survivors(explained: dict[str, list[Mutant]]) -> Iterator[str]:
    for pattern, why in EXPLAINED:
        ones = explained[pattern]
        yield f"<details><summary>{len(ones)} survive: {why}</summary>\n"
        for one in sorted(ones, key=lambda one: one.change):
            yield f"* `{one.file}` {one.function}: {_code(one.before)} → {_code(one.after)}"
        yield "\n</details>\n"


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
    """Write the section, or say why not."""
    try:
        text = written_into(RELIABILITY.read_text(encoding="utf-8"), section(read()))
    except NotGoodEnough as why:
        sys.stderr.write(f"docs/reliability.md is not written:\n{why}\n")
        return 1
    RELIABILITY.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
