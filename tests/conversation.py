"""Plays one pull request through three rounds, and writes into docs/rounds.md what was said.

`make conversation` runs it; a test plays it as well and compares.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from reviewer_cli.ledger.records import reading
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.render.story import story
from tests.fakes.engine import found
from tests.fakes.github import talk
from tests.fakes.github.rows import Pull, ReviewComment
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage

ROUNDS = Path(__file__).parents[1] / "docs" / "rounds.md"
BEGIN, END = "<!-- played by make conversation -->", "<!-- end of the conversation -->"

MEAN = "    return sum(rates) / len(rates)\n"
OPENED = "    file = open(path)\n"
FIRST = f"def mean(rates):\n{MEAN}\n\ndef read(path):\n{OPENED}    return file.read()\n"
CLOSED = "    with open(path) as file:\n        return file.read()\n"
MENDED = f"def mean(rates):\n{MEAN}\n\ndef read(path):\n{CLOSED}"
SECOND = f"{MENDED}\n\ndef last(rates):\n    return rates[len(rates)]\n"

PROBLEMS = {
    MEAN.strip(): ("high", "No rates at all divide by zero", "`mean([])` raises."),
    OPENED.strip(): ("medium", "The file is never closed", "Each call leaves a descriptor open."),
    "return rates[len(rates)]": ("high", "The last index is one less", "This raises each time."),
}
AGAIN = {
    MEAN.strip(): ("high", "Division by zero when there are no rates", "An empty list raises."),
    OPENED.strip(): ("medium", "This file stays open", "Nobody closes it."),
}


def answers(request: ReviewRequest) -> object:
    """Every problem of the whole file, in other words once the whole of it is known."""
    lines = [line.strip() for line in (request.checkout / "rates.py").read_text().splitlines()]
    told = PROBLEMS | AGAIN if "reviewed-0" in request.brief.prompt else PROBLEMS
    return {
        "findings": [
            found(
                "rates.py",
                at,
                line,
                severity=told[line][0],
                title=told[line][1],
                body=told[line][2],
            )
            for at, line in enumerate(lines, 1)
            if line in told
        ]
    }


def play(stage: GitHubStage) -> Iterator[str]:
    """What was done and said, in Markdown."""
    world, stage.engine = stage.hub.world, CountingEngine(answers)
    ada = world.account("ada")
    pull = world.pull(stage.shop, {"rates.py": FIRST}, title="Read rates", author=ada)
    yield f"**ada opens “Read rates”** at `{pull.head_sha[:7]}`. The next sweep says:"
    yield from told(stage, pull)

    first = comments(stage, pull)[0]
    reply = "By design: every caller checks that there are rates."
    talk.answer(world, world.tables.threads[first.thread_id], ada, reply)
    pull = world.push(pull, {"rates.py": SECOND})
    yield (
        f"**ada answers** the first comment “{reply}”, mends the other one, **and pushes** "
        f"`last` as `{pull.head_sha[:7]}`. The next sweep folds up what is mended, says nothing "
        "again of what was declined, and adds:"
    )
    yield from told(stage, pull)

    pull = world.push(pull, {"README": "How to read rates\n"})
    yield (
        f"**ada pushes** `{pull.head_sha[:7]}`, which only adds a README. The next sweep adds no "
        "review; the one before now ends:"
    )
    sweep(stage)
    newest = stage.posted(pull)[-1]
    yield quoted(next(line for line in newest.body.split("\n") if "Also checked" in line))
    yield "What the ledger tells of it (`reviewer ledger show`):"
    yield f"```text\n{ledger(stage, pull)}\n```"


def sweep(stage: GitHubStage) -> None:
    """An hour later."""
    stage.now += 3600.0
    stage.hub.world.now = max(stage.hub.world.now, stage.now)
    report = stage.sweep()
    assert report.exit_code == 0, report.error


def told(stage: GitHubStage, pull: Pull) -> Iterator[str]:
    """What the sweep adds to the conversation."""
    before = {one.id: one.body for one in comments(stage, pull)}
    sweep(stage)
    newest = stage.posted(pull)[-1]
    yield quoted(visible(newest.body))
    for one in comments(stage, pull):
        if one.id not in before:
            yield quoted(f"`{one.path}` line {one.line}\n\n{one.body}")
        elif one.body != before[one.id]:
            first = one.body.split("\n")[0]
            yield quoted(f"`{one.path}` line {one.line}, folded up as outdated: {first}")


def comments(stage: GitHubStage, pull: Pull) -> list[ReviewComment]:
    """Ours on lines, oldest first."""
    every = stage.hub.world.tables.review_comments.values()
    ours = (one for one in every if one.author_id == stage.bot.id and one.pull_id == pull.id)
    return sorted(ours, key=lambda one: one.id)


def visible(body: str) -> str:
    """Without the marker lines, which nobody sees."""
    return "\n".join(line for line in body.split("\n") if not line.startswith("<!--")).strip()


def quoted(text: str) -> str:
    """As a quotation; what would be a control there is not."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def ledger(stage: GitHubStage, pull: Pull) -> str:
    """What `reviewer ledger show` prints, eighty columns wide."""
    out = io.StringIO()
    console = Console(file=out, width=80, color_system=None)
    with reading(stage.ledger_path) as records:
        (history,) = records.stories(str(stage.key(pull)))
        console.print(story(history, stage.now))
    lines = out.getvalue().rstrip("\n").split("\n")
    end = next((at for at, line in enumerate(lines) if line.startswith("The newest head;")), None)
    return "\n".join(line.rstrip() for line in lines[:end]).strip("\n")


def conversation() -> str:
    """All of it, as it stands in the document."""
    with TemporaryDirectory() as place, github_stage(Path(place)) as stage:
        return "\n\n".join(play(stage))


def written() -> str:
    """What stands in the document."""
    return ROUNDS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip("\n")


def write() -> None:
    """Put what was played into the document."""
    before, _, rest = ROUNDS.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    ROUNDS.write_text(f"{before}{BEGIN}\n\n{conversation()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
