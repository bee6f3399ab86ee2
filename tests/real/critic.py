"""A model that reviews as models do: it looks things up, and gets places right, or half, or wrong.

Everything it says is computed from the request, so the same diff always gets the same review.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.scripted_model import Body, Request, Step, answer, call
from tests.real.shown import File, Line, parse, window_of

Item = dict[str, Any]

ROUNDS = 2  # how often each kind of finding is tried on a diff, on different files
DRIFT = 11  # lines by which a wrong number is wrong
THINKS_S = 0.05  # so that conversations overlap as they would with a real model
READ_LINE = re.compile(r"(?m)^ *(\d+)[\t→](.*)$")
ASKED = re.compile(r"(?m)^Finding (\d+):\n<finding-\d+>\n.* line \d+\nTitle: (.*)$")
VERDICTS = ("confirmed", "confirmed", "refuted", "confirmed", "downgraded")
SEVERITIES = ("critical", "high", "medium", "low")


class Critic:
    """A script for `ScriptedModel`; remembers what it said of each title and what it read."""

    def __init__(self) -> None:
        self.said: dict[str, list[Item]] = {}
        self.judged: dict[str, dict[str, str]] = {}
        self.read: dict[str, int] = {}
        self.searched: dict[str, bool] = {}

    def __call__(self, body: Body) -> Step:
        request = Request(raw=b"", body=body, headers={}, at=0.0)
        prompt = request.user_text()
        title = title_of(request)
        files = list(parse(_fenced(prompt, "diff")))
        if "Try to refute each of these" in prompt:
            return self._verify(request, title, prompt)
        return self._find(request, title, files)

    def _find(self, request: Request, title: str, files: list[File]) -> Step:
        window = window_of(files)
        if window and request.turn == 0:
            file, first = window
            return call("Read", file_path=file.path, offset=first, limit=60)
        if window and request.turn == 1:
            word = re.escape(window[0].telling("+")[0].code.strip()[:30])
            return call("Grep", pattern=word, path=window[0].path, output_mode="content")
        read: dict[int, str] = {}
        if window:
            read = _read(request)
            self.read[title] = agreeing(window[0], read)
            self.searched[title] = bool(_result(request, 1))
        self.said[title] = list(findings(files, window, read))
        return answer({"findings": self.said[title]}, delay_s=THINKS_S)

    def _verify(self, request: Request, title: str, prompt: str) -> Step:
        asked = ASKED.findall(prompt)
        if request.turn == 0:
            return call("Grep", pattern="TODO", output_mode="files_with_matches")
        self.judged[title] = {name: _verdict(int(number)) for number, name in asked}
        verdicts = [
            {"number": int(number), "verdict": _verdict(int(number)), "reason": "It was looked at."}
            for number, _ in asked
        ]
        return answer({"verdicts": verdicts}, delay_s=THINKS_S)


def title_of(request: Request) -> str:
    """The title of the pull request that a conversation is about."""
    author = _fenced(request.user_text(), "author")
    return author.removeprefix("Title: ").partition("\n")[0]


def agreeing(file: File, read: dict[int, str]) -> int:
    """How many lines the tool and the diff both show; raises when they differ in one."""
    shown = {line.number: line.code for hunk in file.hunks for line in hunk if line.side == "R"}
    both = shown.keys() & read.keys()
    for number in both:
        if shown[number].isascii() and "\\u{" not in shown[number]:
            assert shown[number].split() == read[number].split(), (file.path, number)
    return len(both)


def findings(
    files: list[File], window: tuple[File, int] | None, read: dict[int, str]
) -> Iterator[Item]:
    """Each kind of finding, twice, on files spread over the whole diff; an exact one has a twin."""
    total = len(KINDS) * ROUNDS
    for at in range(total):
        kind = list(KINDS)[at % len(KINDS)]
        made = KINDS[kind](files[at * len(files) // total])
        if made is not None:
            yield _item(kind, at, made)
            if kind == "exact":
                yield _item("twin", at, made) | {"rule": kind, "confidence": 0.5}
    if window and (made := _overhanging(window[0], read)):
        yield _item("overhanging", total, made)


def _item(kind: str, at: int, made: Item) -> Item:
    name = "exact" if kind == "twin" else kind
    return {
        "side": "RIGHT",
        "severity": SEVERITIES[at % len(SEVERITIES)],
        "category": "correctness",
        "title": f"{name}{at}",
        "body": f"Said as {kind}; it fails.",
        "confidence": 0.9,
        "rule": name,
    } | made


def _one(file: File, about: Line, **other: Any) -> Item:
    return {"path": file.path, "line": about.number, "quote": about.code} | other


def _middle(lines: list[Line]) -> Line | None:
    return lines[len(lines) // 2] if lines else None


def _exact(file: File) -> Item | None:
    line = _middle(file.telling("+"))
    return _one(file, line) if line else None


def _drifted(file: File) -> Item | None:
    line = _middle(file.telling("+"))
    return _one(file, line, line=line.number + DRIFT) if line else None


def _fragment(file: File) -> Item | None:
    line = _middle(file.telling("+"))
    return _one(file, line, quote=line.code.strip()[2:-2].strip()) if line else None


def _prefixed(file: File) -> Item | None:
    line = _middle(file.telling("+"))
    return _one(file, line, path=f"b/{file.path}") if line else None


def _removed(file: File) -> Item | None:
    line = _middle(file.telling("-"))
    return _one(file, line, side="LEFT") if line else None


def _wrong_side(file: File) -> Item | None:
    """A removed line, said to stand in the new file."""
    new = "\n".join(line.code for hunk in file.hunks for line in hunk if line.side == "R")
    gone = [line for line in file.telling("-") if line.code.strip() not in new]
    return _one(file, gone[0]) if gone else None


def _unchanged(file: File) -> Item | None:
    """A context line, said to stand in the base file, where nobody may comment on it."""
    line = _middle(file.telling(" "))
    return _one(file, line, side="LEFT") if line else None


def _block(file: File, quote: Callable[[Line], str] = lambda line: line.code) -> Item | None:
    run = next(file.blocks(), None)
    if run is None:
        return None
    text = "\n".join(map(quote, run))
    return {
        "path": file.path,
        "start_line": run[0].number,
        "line": run[-1].number,
        "quote": text,
    }


def _signed(file: File) -> Item | None:
    return _block(file, lambda line: line.sign + line.code)


def _copied(file: File) -> Item | None:
    """The prompt's own lines, numbers and all."""
    return _block(file, lambda line: line.shown)


def _shifted_block(file: File) -> Item | None:
    made = _block(file)
    return made and made | {
        "start_line": made["start_line"] + DRIFT,
        "line": made["line"] + DRIFT,
    }


def _absent(file: File) -> Item | None:
    return {"path": file.path, "line": 1, "quote": "this_code_stands_in_no_file(of, any, project)"}


def _missing(file: File) -> Item | None:
    return {"path": f"no/such/place/{file.path}", "line": 3, "quote": "import nothing"}


def _overhanging(file: File, read: dict[int, str]) -> Item | None:
    """From a hunk's last added line to two lines below the hunk, as Read showed them."""
    for hunk in file.hunks:
        right = [line for line in hunk if line.side == "R"]
        added = [line.number for line in right if line.sign == "+" and line.code.strip()]
        if not added:
            continue
        wanted = range(added[-1], right[-1].number + 3)
        if all(number in read for number in wanted) and all(read[wanted[at]] for at in (0, -1)):
            quote = "\n".join(read[number] for number in wanted)
            return {"path": file.path, "line": wanted[-1], "start_line": wanted[0], "quote": quote}
    return None


KINDS: dict[str, Callable[[File], Item | None]] = {
    "exact": _exact,
    "drifted": _drifted,
    "fragment": _fragment,
    "prefixed": _prefixed,
    "removed": _removed,
    "wrong_side": _wrong_side,
    "unchanged": _unchanged,
    "block": _block,
    "signed": _signed,
    "copied": _copied,
    "shifted": _shifted_block,
    "absent": _absent,
    "missing": _missing,
}
ELSEWHERE = {"absent": "file", "missing": "summary"}


def _verdict(number: int) -> str:
    return VERDICTS[number % len(VERDICTS)]


def _fenced(prompt: str, name: str) -> str:
    found = re.search(rf"(?s)<({name}-\d+)>\n(.*)\n</\1>", prompt)
    return found[2] if found else ""


def _result(request: Request, at: int) -> str:
    """The text of the tool's answer to the model's call number `at`."""
    results = [
        block
        for message in request.body["messages"]
        if message["role"] == "user" and isinstance(message["content"], list)
        for block in message["content"]
        if block.get("type") == "tool_result"
    ]
    content = results[at]["content"] if at < len(results) else ""
    assert not (at < len(results) and results[at].get("is_error")), content
    return content if isinstance(content, str) else "\n".join(one["text"] for one in content)


def _read(request: Request) -> dict[int, str]:
    return {int(found[1]): found[2] for found in READ_LINE.finditer(_result(request, 0))}
