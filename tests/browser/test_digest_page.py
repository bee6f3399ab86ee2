"""The digest's page in a real browser: for everybody, at any width, in both colours, on paper."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.render.digest_html import page
from tests.browser.chromium import Tab, browser, tab
from tests.render.digest_samples import SAMPLES, largest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache/axe/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "build/digest"
SIZES = {"desktop": (1280, 900), "phone": (375, 812)}
SCHEMES = ("light", "dark")
MOST_BYTES = 150_000
RUN_AXE = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => ({id: "
RUN_AXE += "v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 200))})))"


PAGES = SAMPLES | {"largest": largest()}
MOST_SHEETS = dict.fromkeys(PAGES, 2) | {"hostile": 3}
"""Names as long as they may be, all of them, take a third of another one."""


@pytest.fixture(params=PAGES)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = tmp_path / f"{request.param}.html"
    assert AXE.exists(), "make browser fetches axe-core"
    file.write_text(page(PAGES[request.param]), encoding="utf-8")
    (PICTURES / file.name).write_bytes(file.read_bytes())
    return file


def test_everybody_can_read_it_and_it_asks_for_nothing(sample: Path) -> None:
    asyncio.run(_read_on_screens(sample))


async def _read_on_screens(sample: Path) -> None:
    async with browser() as address, tab(address) as shown:
        await shown.open(sample)
        await shown.evaluate(AXE.read_text(encoding="utf-8"))
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                await shown.look(width=width, height=height, scheme=scheme)
                name = f"{sample.stem}-{size}-{scheme}"
                for kind, whole in (("first", False), ("whole", True)):
                    picture = await shown.picture(whole=whole)
                    (PICTURES / f"{name}-{kind}.png").write_bytes(picture)
                await _is_wide_enough(shown, name)
                for unfolded in (False, True):
                    await shown.evaluate(_unfold(unfolded))
                    await _is_accessible(shown, name)
                await shown.evaluate(_unfold(False))
        assert shown.requests == [sample.absolute().as_uri()]
        assert shown.complaints == []
        assert await shown.evaluate("document.scripts.length") == 0


def _unfold(is_open: bool) -> str:
    return (
        "document.querySelectorAll('details').forEach(one => { "
        f"one.open = {str(is_open).lower()}; }})"
    )


async def _is_wide_enough(shown: Tab, name: str) -> None:
    wide, room = await shown.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, f"{name} scrolls sideways: {wide} > {room}"


async def _is_accessible(shown: Tab, name: str) -> None:
    found: list[dict[str, Any]] = await shown.evaluate(RUN_AXE)
    assert found == [], f"axe complains of {name}"


def test_it_prints_on_two_sheets(sample: Path) -> None:
    paper = asyncio.run(_print(sample))
    (PICTURES / f"{sample.stem}.pdf").write_bytes(paper)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert 1 <= sheets <= MOST_SHEETS[sample.stem]


async def _print(sample: Path) -> bytes:
    async with browser() as address, tab(address) as shown:
        await shown.open(sample)
        await shown.look(width=794, height=1123, scheme="dark", media="print")
        (PICTURES / f"{sample.stem}-print.png").write_bytes(await shown.picture(whole=True))
        return await shown.paper()


def test_it_is_small(sample: Path) -> None:
    assert sample.stat().st_size <= MOST_BYTES


def test_its_policy_would_keep_out_what_got_in_unescaped(tmp_path: Path) -> None:
    """The page is broken by hand here: a script, a picture of a server, a style."""
    title, style, asked = asyncio.run(_open_broken(tmp_path / "broken.html"))
    assert title.startswith("Review quality")
    assert style == "static"
    assert asked == 0


async def _open_broken(file: Path) -> tuple[str, str, int]:
    asked = 0

    def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/p.png"
    evil = (
        f"<script>document.title = 'owned'</script><img src='{address}' "
        "onerror=\"document.title = 'owned'\"><p style='position:fixed'>x</p>"
    )
    text = page(SAMPLES["full"]).replace("<main>", f"<main>{evil}", 1)
    file.write_text(text, encoding="utf-8")
    async with server, browser() as where, tab(where) as shown:
        await shown.open(file, bypassing_policy=False)
        style = await shown.evaluate(
            "getComputedStyle(document.querySelector('main > p')).position"
        )
        return await shown.evaluate("document.title"), style, asked
