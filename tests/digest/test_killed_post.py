"""Real processes that are killed while they send, and two that send at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from reviewer_cli.ledger.lock import exclusive
from tests.digest.mailroom import DAY, FILE, MONDAY, TEAM, Mailroom
from tests.notify.post_office import post_office

ROOT = Path(__file__).parents[2]


def start(*args: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *map(str, args)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_killed_between_any_two_steps_it_comes_once_or_is_asked_about(tmp_path: Path) -> None:
    with post_office() as office:
        process = start("-m", "tests.digest.mortal_post", tmp_path, office.port)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    points = json.loads((tmp_path / "points.json").read_text())
    assert {f"before {TEAM}", f"behind {TEAM}", f"behind {FILE}", "behind it"} <= set(points)
    arrived = Counter(one["path"] for one in office.arrived)
    outcomes: Counter[tuple[int, str]] = Counter()
    for number, point in enumerate(points, start=1):
        root = tmp_path / f"point-{number:02}"
        with closing(Mailroom(root).store) as store:
            states = dict(store.db.execute("SELECT channel, state FROM deliveries").fetchall())
        said = json.loads((root / f"said-{MONDAY + DAY:.0f}.json").read_text())
        times, state = arrived[f"/{root.name}"], states[TEAM]
        assert times <= 1, point
        assert (times, state) in {(1, "delivered"), (1, "unsure"), (0, "unsure")}, point
        assert bool(said) is (state == "unsure"), point
        assert states[FILE] == "delivered", point
        assert (root / "2026-W47.md").is_file(), point
        assert not [one for one in root.iterdir() if one.name.startswith("reviewer-tmp")], point
        outcomes[times, state] += 1
    assert outcomes[1, "delivered"] > 5
    assert outcomes[0, "unsure"] == 2, "taken and not yet sent"
    assert outcomes[1, "unsure"] == 3, "sent and not yet noted"


def test_of_two_processes_one_sends_and_the_other_is_told_so(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.swept()
    room.store.close()
    code = (
        "import sys, pathlib\nfrom tests.digest import mortal_post as post\n"
        "try:\n    post.tick(pathlib.Path(sys.argv[1]), int(sys.argv[2]), post.MONDAY, -1)\n"
        "except Exception as error:\n    sys.exit(error.exit_code)\n"
    )
    with post_office() as office:
        both = [start("-c", code, tmp_path, office.port) for _ in range(2)]
        codes = [process.wait(timeout=30) for process in both]
        for process in both:
            assert process.stderr is not None
            process.stderr.close()
    assert sorted(codes) in ([0, 0], [0, 75])
    assert len(office.arrived) == 1


def test_while_a_sweep_runs_nothing_is_taken_for_dead(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.swept()
    with closing(room.store), exclusive(tmp_path / "sweep.lock", MONDAY), post_office() as office:
        process = start(
            "-c",
            "import sys, pathlib\nfrom tests.digest import mortal_post as post\n"
            "post.tick(pathlib.Path(sys.argv[1]), int(sys.argv[2]), post.MONDAY, -1)\n",
            tmp_path,
            office.port,
        )
        _, said = process.communicate(timeout=30)
    assert b"AlreadyRunning" in said
    assert office.arrived == []
