"""The demo: build the shop, sweep it, look at what there is; merge, sweep again, see the digest."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from demo.shop import build, go_on

PLACE = Path("build/demo")


def main() -> None:
    """Run the commands that a person would type, one after another, and show each of them."""
    shutil.rmtree(PLACE, ignore_errors=True)
    shop = build(PLACE / "shop")
    print(f"A small shop with five branches stands in {shop}. Its reviewer:", flush=True)
    reviewer("sweep", "--repo", str(shop), "--engine", "offline")
    say("Once more: everything is in the ledger, so nothing is due.")
    reviewer("sweep", "--repo", str(shop), "--engine", "offline")
    say("The queue at a glance:")
    reviewer("status")
    say("Each review is also a git note on the commit it speaks of:")
    show(
        "git",
        "-C",
        str(shop),
        "log",
        "--notes=reviewer",
        "-1",
        "--format=%h %s%n%n%N",
        "feature/search",
    )
    say("Ada mends what was found in her branch and merges it; Grace merges hers as it is.")
    go_on(shop)
    reviewer("sweep", "--repo", str(shop), "--engine", "offline")
    say("Was it worth it? A week's digest tells; this is today's, so far:")
    today = datetime.now(UTC).date().isoformat()
    reviewer("digest", "--since", today, "--until", today, "--format", "terminal")


def reviewer(*args: str) -> None:
    """Run the product as installed beside this Python."""
    program = Path(sys.executable).with_name("reviewer")
    environment = {
        "REVIEWER_STATE_DIR": str((PLACE / "state").absolute()),
        "REVIEWER_CACHE_DIR": str((PLACE / "cache").absolute()),
    }
    show(str(program), *args, environment=environment)


def show(program: str, *args: str, environment: dict[str, str] | None = None) -> None:
    """Print a command and run it; the demo ends when a command fails."""
    print(f"\n$ {shlex.join([Path(program).name, *args])}", flush=True)
    subprocess.run(
        ["git", "--no-pager", *args] if program == "git" else [program, *args],
        check=True,
        env={**os.environ, **(environment or {})},
    )


def say(sentence: str) -> None:
    """A line between two commands."""
    print(f"\n{sentence}", flush=True)


if __name__ == "__main__":
    main()
