"""Draws the documentation's pictures of a digest: its page in Chromium, its text on a terminal."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from demo.pictures import PICTURES, WIDTH, draw
from reviewer_cli.render.digest_html import page
from reviewer_cli.render.digest_terminal import show_digest
from tests.browser.chromium import browser, tab
from tests.render.digest_samples import FULL

VIEWS = {
    "digest-light": (1280, 1000, "light"),
    "digest-dark": (1280, 1000, "dark"),
    "digest-phone": (375, 812, "light"),
}
END = "Nearly missed"
"""Where the terminal's picture ends; what follows looks like what was before."""


def main() -> None:
    """Draw all of them from the full week of the tests."""
    asyncio.run(_photograph())
    screen = io.StringIO()
    show_digest(FULL, Console(width=WIDTH, file=screen, force_terminal=True, highlight=False))
    seen = Text.from_ansi(screen.getvalue())
    draw("digest", "reviewer digest --week 2026-W47", seen[: seen.plain.index(END) - 1])


async def _photograph() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "digest.html"
        file.write_text(page(FULL), encoding="utf-8")
        async with browser() as address, tab(address) as shown:
            await shown.open(file)
            for picture, (width, height, scheme) in VIEWS.items():
                await shown.look(width=width, height=height, scheme=scheme)
                shot = await shown.picture(whole=False)
                (PICTURES / f"{picture}.png").write_bytes(shot)


if __name__ == "__main__":
    main()
