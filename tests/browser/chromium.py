"""Drives Debian's Chromium over its DevTools protocol: a page, its size, its colours, its paper.

The browser resolves no name and gets a profile of its own, so that a page can only show itself.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = "chromium"
START_S = 60.0
ANSWER_S = 60.0
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # it refuses to run as root with one, and shows only pages of our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
A4_INCHES = {"paperWidth": 8.27, "paperHeight": 11.69}


class BrowserFailed(AssertionError):
    """The browser did not do what it was told."""


@dataclass
class Tab:
    """One tab; `requests` are all addresses that it asked for since it was opened."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; what else comes meanwhile is noted."""
        number = next(self._ids)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWER_S):
            while True:
                said = await self.socket.receive_json()
                if said.get("id") == number:
                    break
                self._note(said)
        if "error" in said:
            raise BrowserFailed(f"{method}: {said['error']}")
        return dict(said["result"])

    async def open(self, page: Path, *, bypassing_policy: bool = True) -> None:
        """Show a file of this machine and wait until it is there.

        Its own policy would keep our scripts out too, unless it is bypassed.
        """
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.setBypassCSP", enabled=bypassing_policy)
        await self.call("Page.navigate", url=page.absolute().as_uri())
        while await self.evaluate("document.readyState") != "complete":
            await asyncio.sleep(0.02)

    async def look(self, *, width: int, height: int, scheme: str, media: str = "screen") -> None:
        """Take this size and these colours, on a screen or on paper."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.call("Emulation.setEmulatedMedia", media=media, features=features)

    async def evaluate(self, script: str) -> Any:
        """What a script in the page gives, after its promise where it gives one."""
        said = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in said:
            raise BrowserFailed(str(said["exceptionDetails"]))
        return said["result"].get("value")

    async def picture(self, *, whole: bool) -> bytes:
        """A PNG of what is seen at first, or of the whole page."""
        said = await self.call(
            "Page.captureScreenshot",
            captureBeyondViewport=whole,
            **_area(await self.call("Page.getLayoutMetrics") if whole else None),
        )
        return base64.b64decode(said["data"])

    async def paper(self) -> bytes:
        """The page as a PDF on A4, by its own margins."""
        said = await self.call(
            "Page.printToPDF", preferCSSPageSize=True, printBackground=False, **A4_INCHES
        )
        return base64.b64decode(said["data"])

    def _note(self, said: dict[str, Any]) -> None:
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(said["params"]["request"]["url"])
        if said.get("method") == "Log.entryAdded":
            self.complaints.append(said["params"]["entry"]["text"])


def _area(metrics: dict[str, Any] | None) -> dict[str, Any]:
    if metrics is None:
        return {}
    size = metrics["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    return {"clip": clip}


@asynccontextmanager
async def browser() -> AsyncIterator[str]:
    """A browser of its own for as long as it is needed; gives the address of its commands."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise BrowserFailed(f"there is no {PROGRAM} here; install Debian's package of that name")
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as home:
        process = await asyncio.create_subprocess_exec(
            program,
            *OPTIONS,
            f"--user-data-dir={home}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield await _address(Path(home) / "DevToolsActivePort", process)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@asynccontextmanager
async def tab(address: str) -> AsyncIterator[Tab]:
    """A new tab."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{address}/json/new?about:blank") as answer:
            target = await answer.json()
        most = 64 * 2**20  # pictures come as one message
        url = target["webSocketDebuggerUrl"]
        async with session.ws_connect(url, max_msg_size=most) as socket:
            yield Tab(socket=socket)


async def _address(file: Path, process: asyncio.subprocess.Process) -> str:
    """The browser writes the port that it took into its profile."""
    async with asyncio.timeout(START_S):
        while not file.exists() or not file.read_text().strip():
            if process.returncode is not None:
                raise BrowserFailed(f"{PROGRAM} ended at once with {process.returncode}")
            await asyncio.sleep(0.05)
    return f"http://127.0.0.1:{file.read_text().split()[0]}"
