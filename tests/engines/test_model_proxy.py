"""The door of the jail: what goes through it, what does not, and what a refused key does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from reviewer_cli.engines import model_proxy
from reviewer_cli.engines.agent_credential import API_KEY, BEARER, SUBSCRIPTION, Credential
from reviewer_cli.engines.model_proxy import Door, ModelProxy
from reviewer_cli.engines.model_redaction import Redaction
from tests.fakes.provider import (
    BODY,
    Answer,
    Heard,
    Provider,
    ask,
    message,
    providing,
    said,
    silence,
)

KEY = "sk-ant-made-up-0123456789"


def proxy(provider: Provider, variable: str = API_KEY, **added: str) -> ModelProxy:
    return ModelProxy(Credential(variable=variable, value=KEY, base_url=provider.url, added=added))


@contextlib.asynccontextmanager
async def opened(
    answer: Answer, private: Path, most_requests: int = 50
) -> AsyncIterator[tuple[Provider, Door]]:
    async with (
        providing(answer) as provider,
        proxy(provider).door(private, most_requests=most_requests) as door,
    ):
        yield provider, door


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    before = set(threading.enumerate())
    files = set(os.listdir("/proc/self/fd"))
    yield
    assert set(threading.enumerate()) == before
    assert len(os.listdir("/proc/self/fd")) <= len(files) + 1


class TestWhatGoesThrough:
    def test_the_provider_gets_the_key_and_nothing_that_the_process_made_up(
        self, tmp_path: Path
    ) -> None:
        async def visit() -> tuple[Heard, Heard, str]:
            async with opened(said(200), tmp_path) as (provider, door):
                headers = {
                    "cookie": "a=b",
                    "authorization": "Bearer x",
                    "x-forwarded-host": "evil",
                    "connection": "keep-alive, x-app",
                    "anthropic-version": "2023-06-01",
                    "anthropic-workspace": "other",
                    "x-claude-remote": "x",
                    "content-type": "application/json; charset=utf-7",
                    "x-stainless-lang": "js",
                }
                answer = await ask(door.socket, door.nonce, headers=headers)
                return provider.requests[0], answer, door.nonce

        sent, answer, nonce = asyncio.run(visit())
        assert answer.status == 200
        assert sent.path == "/v1/messages?beta=true"
        assert sent.headers["x-api-key"] == KEY
        assert sent.headers["anthropic-version"] == "2023-06-01"
        assert sent.headers["x-stainless-lang"] == "js"
        assert sent.headers["content-type"] == "application/json"
        made_up = {"cookie", "authorization", "x-forwarded-host", "x-claude-remote"}
        assert not {*made_up, "anthropic-workspace"} & sent.headers.keys()
        assert "127.0.0.1:9" not in sent.headers["host"]
        assert nonce not in repr(sent)
        assert json.loads(sent.body) == BODY

    def test_of_the_answers_headers_only_those_that_the_program_needs(self, tmp_path: Path) -> None:
        async def visit() -> Heard:
            headers = {
                "set_cookie": "a=b",
                "x_internal": "10.0.0.1",
                "request_id": "r1",
                "retry_after": "7",
                "anthropic_ratelimit_requests_remaining": "3",
                "content_type": "application/json",
            }
            async with opened(said(200, **headers), tmp_path) as (_, door):
                return await ask(door.socket, door.nonce)

        shown = asyncio.run(visit()).headers
        assert not {"set-cookie", "x-internal"} & shown.keys()
        assert (shown["request-id"], shown["retry-after"]) == ("r1", "7")
        assert shown["anthropic-ratelimit-requests-remaining"] == "3"

    @pytest.mark.parametrize(
        ("variable", "betas", "carried"),
        [
            (API_KEY, "x", {"x-api-key": KEY, "anthropic-beta": "x"}),
            (BEARER, "x", {"authorization": f"Bearer {KEY}", "anthropic-beta": "x"}),
            (
                SUBSCRIPTION,
                "x",
                {"authorization": f"Bearer {KEY}", "anthropic-beta": "x,oauth-2025-04-20"},
            ),
            (SUBSCRIPTION, "oauth-2025-04-20", {"anthropic-beta": "oauth-2025-04-20"}),
        ],
    )
    def test_each_kind_of_credential_travels_its_own_way(
        self, tmp_path: Path, variable: str, betas: str, carried: dict[str, str]
    ) -> None:
        async def visit() -> Heard:
            async with providing(said(200)) as provider:
                with_header = proxy(provider, variable, **{"x-team": "reviews"})
                async with with_header.door(tmp_path, most_requests=9) as door:
                    shown = {"authorization": f"Bearer {door.nonce}", "anthropic-beta": betas}
                    await ask(door.socket, "", headers=shown)
                return provider.requests[0]

        sent = asyncio.run(visit()).headers
        assert {name: sent[name] for name in carried} == carried
        assert sent["x-team"] == "reviews"
        assert ("x-api-key" in sent) != ("authorization" in sent)

    def test_a_stream_is_handed_on_as_it_comes(self, tmp_path: Path) -> None:
        async def visit() -> list[bytes]:
            first_arrived = asyncio.Event()

            async def answer(request: Heard, writer: asyncio.StreamWriter) -> None:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
                writer.write(b"event: message_start\n\n")
                await asyncio.wait_for(first_arrived.wait(), 5)
                writer.write(b"event: message_stop\n\n")

            async with opened(answer, tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door))
                await reader.readuntil(b"\r\n\r\n")
                first = await reader.readuntil(b"message_start\n\n")
                first_arrived.set()
                rest = await reader.readuntil(b"0\r\n\r\n")
                writer.close()
                return [first, rest]

        first, rest = asyncio.run(visit())
        assert b"message_stop" not in first
        assert b"message_stop" in rest

    def test_half_a_stream_looks_like_half_a_stream(self, tmp_path: Path) -> None:
        async def answer(request: Heard, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nevent: message_start\n\n")
            await writer.drain()

        async def visit() -> bytes:
            async with opened(answer, tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door))
                with contextlib.suppress(ConnectionResetError):
                    await reader.readuntil(b"message_start\n\n")
                    rest = await reader.read()
                writer.close()
                return rest

        assert not asyncio.run(visit()).endswith(b"0\r\n\r\n")

    def test_a_prefix_of_the_address_is_kept(self, tmp_path: Path) -> None:
        async def visit() -> str:
            async with providing(said(200)) as provider:
                provider.url += "/gateway/anthropic"
                async with proxy(provider).door(tmp_path, most_requests=9) as door:
                    await ask(door.socket, door.nonce, start="POST /v1/messages HTTP/1.1")
                return provider.requests[0].path

        assert asyncio.run(visit()) == "/gateway/anthropic/v1/messages"


CONVERSATION = json.dumps(BODY).encode()
FOREIGN = {
    "files": ("POST /v1/files HTTP/1.1", CONVERSATION, 403),
    "organizations": ("GET /v1/organizations/me HTTP/1.1", b"", 403),
    "batches": ("POST /v1/messages/batches HTTP/1.1", CONVERSATION, 403),
    "models": ("GET /v1/models HTTP/1.1", b"", 403),
    "upwards": ("POST /v1/messages/../files HTTP/1.1", CONVERSATION, 403),
    "encoded": ("POST /v1/messages/%2e%2e/files HTTP/1.1", CONVERSATION, 403),
    "absolute": ("POST http://127.0.0.1:1/v1/files HTTP/1.1", CONVERSATION, 403),
    "tunnel": ("CONNECT 127.0.0.1:22 HTTP/1.1", b"", 403),
    "read": ("GET /v1/messages HTTP/1.1", b"", 403),
    "not json": ("POST /v1/messages HTTP/1.1", b"x", 400),
}


class TestWhatDoesNot:
    @pytest.mark.threat("T11", layer="proxy")
    @pytest.mark.parametrize("name", FOREIGN)
    def test_nothing_but_a_conversation_is_sent(self, tmp_path: Path, name: str) -> None:
        start, body, status = FOREIGN[name]

        async def visit() -> tuple[Heard, int]:
            async with opened(said(200), tmp_path) as (provider, door):
                answer = await ask(door.socket, door.nonce, start=start, body=body)
                return answer, len(provider.requests)

        answer, requests = asyncio.run(visit())
        assert (answer.status, requests) == (status, 0)
        assert answer.headers["x-should-retry"] == "false"

    def test_a_greeting_is_answered_here(self, tmp_path: Path) -> None:
        async def visit() -> tuple[bytes, int]:
            async with opened(said(200), tmp_path) as (provider, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                return answer, len(provider.requests)

        answer, requests = asyncio.run(visit())
        assert answer.startswith(b"HTTP/1.1 200")
        assert requests == 0

    @pytest.mark.parametrize("nonce", ["", "0" * 32, KEY, "ü"])
    def test_a_foreign_nonce_is_refused_here(self, tmp_path: Path, nonce: str) -> None:
        async def visit() -> tuple[Heard, int, bool]:
            async with opened(said(200), tmp_path) as (provider, door):
                answer = await ask(door.socket, nonce)
                return answer, len(provider.requests), door.seen.refused

        answer, requests, refused = asyncio.run(visit())
        assert (answer.status, answer.error, requests) == (401, "authentication_error", 0)
        assert not refused  # the credential is not to blame

    def test_the_nonce_of_one_pass_opens_no_other_door(self, tmp_path: Path) -> None:
        async def visit() -> int:
            (tmp_path / "other").mkdir()
            async with providing(said(200)) as provider:
                both = proxy(provider)
                async with (
                    both.door(tmp_path, most_requests=9) as one,
                    both.door(tmp_path / "other", most_requests=9) as other,
                ):
                    return (await ask(one.socket, other.nonce)).status

        assert asyncio.run(visit()) == 401

    @pytest.mark.threat("T20", layer="proxy")
    def test_after_its_requests_nothing_more_is_spent(self, tmp_path: Path) -> None:
        async def visit() -> tuple[list[int], int, str]:
            async with opened(said(200), tmp_path, most_requests=3) as (provider, door):
                answers = [(await ask(door.socket, door.nonce)).status for _ in range(5)]
                return answers, len(provider.requests), door.seen.objection

        answers, requests, objection = asyncio.run(visit())
        assert answers == [200, 200, 200, 400, 400]
        assert requests == 3
        assert "more than 3 times" in objection

    def test_another_model_than_that_of_the_first_request_is_refused(self, tmp_path: Path) -> None:
        async def visit() -> tuple[list[int], int]:
            async with opened(said(200), tmp_path) as (provider, door):
                bodies = [json.dumps({**BODY, "model": name}).encode() for name in ("m", "dear")]
                answers = [
                    (await ask(door.socket, door.nonce, body=body)).status for body in bodies
                ]
                return answers, len(provider.requests)

        assert asyncio.run(visit()) == ([200, 400], 1)

    @pytest.mark.parametrize("encoding", ["content-length", "chunked"])
    def test_a_giant_request_is_refused_before_it_fills_the_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
    ) -> None:
        monkeypatch.setattr(model_proxy, "LARGEST_BODY", 1 << 20)

        async def visit() -> tuple[int, str]:
            async with opened(said(200), tmp_path) as (provider, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.nonce}\r\n"
                framing = "transfer-encoding: chunked"
                piece = b"10000\r\n" + b"x" * (1 << 16) + b"\r\n"
                if encoding == "content-length":
                    framing, piece = f"content-length: {1 << 40}", piece[7:-2]
                writer.write(f"{head}{framing}\r\n\r\n".encode())
                with contextlib.suppress(ConnectionError):  # it hangs up instead of reading on
                    for _ in range(64):
                        writer.write(piece)
                        await writer.drain()
                    await reader.read()
                writer.close()
                return len(provider.requests), door.seen.objection

        assert asyncio.run(visit()) == (0, "the request is larger than 32 MB")

    def test_a_slow_request_is_not_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(model_proxy, "BODY_S", 0.1)

        async def visit() -> bytes:
            async with opened(said(200), tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door)[:-5])
                answer = await reader.read(100)
                writer.close()
                return answer

        assert asyncio.run(visit()).startswith(b"HTTP/1.1 408")

    @pytest.mark.parametrize(
        ("replaced", "by", "status"),
        [
            (b"x-api-key: ", b"x-api-key: \xff", b"401"),
            (b"127.0.0.1:9", b"x\r\nx-app: \xff", b"200"),
        ],
    )
    def test_bytes_that_are_no_text_do_no_harm(
        self, tmp_path: Path, replaced: bytes, by: bytes, status: bytes
    ) -> None:
        async def visit() -> bytes:
            async with opened(said(200), tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door).replace(replaced, by))
                answer = await reader.readuntil(b"\r\n")
                writer.close()
                return answer

        assert asyncio.run(visit()).split()[1] == status

    @pytest.mark.parametrize("size", [0, 10, 60, -5])
    def test_half_a_request_does_no_harm(self, tmp_path: Path, size: int) -> None:
        async def visit() -> tuple[int, int]:
            async with opened(said(200), tmp_path) as (provider, door):
                _, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door)[:size])
                await writer.drain()
                writer.close()
                return (await ask(door.socket, door.nonce)).status, len(provider.requests)

        assert asyncio.run(visit()) == (200, 1)

    @pytest.mark.parametrize(
        "garbage", [b"\x16\x03\x01" * 50, b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000 + b"\r\n\r\n"]
    )
    def test_what_is_not_http_is_refused_without_a_word_in_the_log(
        self, tmp_path: Path, garbage: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def visit() -> int:
            async with opened(said(200), tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(garbage)
                with contextlib.suppress(ConnectionError):
                    await reader.read(100)
                writer.close()
                return (await ask(door.socket, door.nonce)).status

        assert asyncio.run(visit()) == 200
        assert caplog.records == []

    def test_many_connections_do_not_use_up_our_files(self, tmp_path: Path) -> None:
        async def visit() -> int:
            async with opened(said(200), tmp_path) as (_, door):
                before = len(os.listdir("/proc/self/fd"))
                flood = [await asyncio.open_unix_connection(door.socket) for _ in range(100)]
                await asyncio.sleep(0.1)
                ours = len(os.listdir("/proc/self/fd")) - before - len(flood)
                for _, writer in flood:
                    writer.close()
                return ours

        assert asyncio.run(visit()) <= model_proxy.MOST_CONNECTIONS


class TestARefusedCredential:
    """Threat T37: a revoked key costs one request, however many passes run at once."""

    @pytest.mark.threat("T37", layer="proxy")
    @pytest.mark.parametrize("status", [401, 403])
    def test_of_many_first_requests_one_is_sent(self, tmp_path: Path, status: int) -> None:
        words = b'{"type":"error","error":{"type":"authentication_error","message":"revoked"}}'

        async def visit() -> tuple[list[Heard], int, list[bool]]:
            async with contextlib.AsyncExitStack() as stack:
                provider = await stack.enter_async_context(providing(said(status, words)))
                shared = proxy(provider)
                doors = [
                    await stack.enter_async_context(shared.door(place, most_requests=9))
                    for place in places(tmp_path, 4)
                ]
                answers = await asyncio.gather(*(ask(d.socket, d.nonce) for d in doors))
                answers.append(await ask(doors[0].socket, doors[0].nonce))
                return answers, len(provider.requests), [door.seen.refused for door in doors]

        answers, requests, refused = asyncio.run(visit())
        assert requests == 1
        assert {(one.status, one.body) for one in answers} == {(status, words)}
        assert {one.headers["x-should-retry"] for one in answers} == {"false"}
        assert refused == [True] * 4

    @pytest.mark.threat("T37", layer="proxy")
    def test_one_that_is_refused_later_is_not_sent_again(self, tmp_path: Path) -> None:
        async def visit() -> tuple[list[int], int]:
            async with opened(said(200), tmp_path) as (provider, door):
                await ask(door.socket, door.nonce)
                provider.answer = said(401)
                answers = [(await ask(door.socket, door.nonce)).status for _ in range(3)]
                return answers, len(provider.requests)

        assert asyncio.run(visit()) == ([401, 401, 401], 2)

    @pytest.mark.parametrize(("status", "at_once"), [(200, 4), (429, 4), (404, 4), (503, 1)])
    def test_requests_go_side_by_side_once_the_provider_itself_has_spoken(
        self, tmp_path: Path, status: int, at_once: int
    ) -> None:
        async def slow(request: Heard, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.05)
            await said(status)(request, writer)

        async def visit() -> int:
            async with opened(slow, tmp_path) as (provider, door):
                await ask(door.socket, door.nonce)
                await asyncio.gather(*(ask(door.socket, door.nonce) for _ in range(4)))
                return provider.peak

        assert asyncio.run(visit()) == at_once

    def test_what_a_gateway_repeats_of_the_key_does_not_reach_the_process(
        self, tmp_path: Path
    ) -> None:
        async def visit(status: int) -> bytes:
            async with opened(said(status, f"no such key: {KEY}".encode()), tmp_path) as (_, door):
                return (await ask(door.socket, door.nonce)).body

        for status in (400, 401, 500):
            assert asyncio.run(visit(status)) == b"no such key: [redacted]"

    @pytest.mark.threat("T12", layer="proxy")
    def test_a_good_answer_that_repeats_the_key_does_not_bring_it_to_the_process(
        self, tmp_path: Path
    ) -> None:
        async def visit() -> Heard:
            answer = said(200, f"your key: {KEY}".encode(), request_id=f"r-{KEY}")
            async with opened(answer, tmp_path) as (_, door):
                return await ask(door.socket, door.nonce)

        answer = asyncio.run(visit())
        assert (answer.body, answer.headers["request-id"]) == (
            b"your key: [redacted]",
            "r-[redacted]",
        )

    @pytest.mark.threat("T12", layer="proxy")
    def test_nor_does_one_that_repeats_it_byte_by_byte(self) -> None:
        text = f"sk-{KEY} s{KEY}{KEY[:9]}\n\n".encode()
        redaction = Redaction([KEY])
        pieces = [redaction.piece(bytes([each])) for each in text] + [redaction.rest()]
        assert b"".join(pieces) == f"sk-[redacted] s[redacted]{KEY[:9]}\n\n".encode()

    def test_of_a_stream_nothing_is_held_back_that_begins_no_key(self) -> None:
        redaction = Redaction([KEY, "", "short"])
        assert redaction.piece(b"short event\n\n") == b"short event\n\n"
        assert redaction.rest() == b""


class TestTrouble:
    @pytest.mark.threat("T20", layer="proxy")
    @pytest.mark.parametrize(
        ("status", "hint", "noted"),
        [
            *((429, "3600", 3600.0), (529, "2.5", 2.5), (429, "soon", None), (400, "9", None)),
            *((429, "9" * 400, None), (429, "inf", None), (429, "600000", 86_400.0)),
        ],
    )
    def test_it_notes_how_long_the_provider_wants_to_be_left_alone(
        self, tmp_path: Path, status: int, hint: str, noted: float | None
    ) -> None:
        async def visit() -> tuple[float | None, list[int]]:
            async with opened(said(status, retry_after=hint), tmp_path) as (_, door):
                await ask(door.socket, door.nonce)
                return door.seen.retry_after, door.seen.statuses

        assert asyncio.run(visit()) == (noted, [status])

    @pytest.mark.parametrize(("status", "left"), [(401, [401, 401]), (500, [500, 500])])
    def test_an_error_that_breaks_off_counts_by_its_status(
        self, tmp_path: Path, status: int, left: list[int]
    ) -> None:
        async def answer(request: Heard, writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 99\r\n\r\n{{".encode())

        async def visit() -> list[int]:
            async with opened(answer, tmp_path) as (_, door):
                return [(await ask(door.socket, door.nonce)).status for _ in range(2)]

        assert asyncio.run(visit()) == left

    def test_a_provider_that_is_down_is_an_error_in_the_providers_own_form(
        self, tmp_path: Path
    ) -> None:
        async def visit() -> tuple[Heard, int]:
            async with providing(said(200)) as provider:
                pass
            async with proxy(provider).door(tmp_path, most_requests=9) as door:
                return await ask(door.socket, door.nonce), door.seen.unanswered

        answer, unanswered = asyncio.run(visit())
        assert (answer.status, answer.error, unanswered) == (502, "api_error", 1)
        assert "x-should-retry" not in answer.headers

    def test_a_redirect_is_not_followed(self, tmp_path: Path) -> None:
        async def visit() -> int:
            async with providing(said(200)) as elsewhere:
                away = said(307, location=f"{elsewhere.url}/v1/messages")
                async with opened(away, tmp_path) as (_, door):
                    await ask(door.socket, door.nonce)
                return len(elsewhere.requests)

        assert asyncio.run(visit()) == 0

    @pytest.mark.parametrize("leaves", ["the pass", "the process"])
    def test_a_request_that_hangs_ends_with_whoever_waits_for_it(
        self, tmp_path: Path, leaves: str
    ) -> None:
        async def visit() -> float:
            async with providing(silence) as provider:
                async with proxy(provider).door(tmp_path, most_requests=9) as door:
                    waiting = asyncio.create_task(ask(door.socket, door.nonce))
                    await until(lambda: bool(provider.running))
                    started = time.monotonic()
                    if leaves == "the process":
                        waiting.cancel()
                        await until(lambda: not provider.running)
                await until(lambda: not provider.running)
                with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError):
                    await waiting
                return time.monotonic() - started

        assert asyncio.run(visit()) < 1

    def test_a_process_that_stays_is_hung_up_on(self, tmp_path: Path) -> None:
        async def visit() -> bytes:
            async with opened(said(200), tmp_path) as (_, door):
                reader, writer = await asyncio.open_unix_connection(door.socket)
                writer.write(request_of(door))
                await reader.readuntil(b"0\r\n\r\n")
            async with asyncio.timeout(1):
                rest = await reader.read()
            writer.close()
            return rest

        assert asyncio.run(visit()) == b""

    def test_the_socket_is_gone_with_the_pass(self, tmp_path: Path) -> None:
        async def visit(private: Path) -> Path:
            async with opened(said(200), private) as (_, door):
                assert (await ask(door.socket, door.nonce)).status == 200
                return door.socket

        deep = tmp_path / ("d" * 100)
        deep.mkdir()
        near, far = asyncio.run(visit(tmp_path)), asyncio.run(visit(deep))
        assert near.parent == tmp_path
        assert len(str(far)) <= model_proxy.LONGEST_SOCKET_PATH
        assert not near.exists()
        assert not far.parent.exists()

    @pytest.mark.threat("T11", layer="proxy")
    @pytest.mark.parametrize("other", ["directory", "nothing", "link"])
    def test_what_stands_in_the_place_of_the_socket_does_no_harm(
        self, tmp_path: Path, other: str
    ) -> None:
        async def visit() -> None:
            async with opened(said(200), tmp_path) as (_, door):
                door.socket.rename(tmp_path / "moved")
                if other == "directory":
                    (door.socket / "full").mkdir(parents=True)
                elif other == "link":
                    door.socket.symlink_to("/nowhere")

        asyncio.run(visit())

    def test_other_things_of_the_process_are_left_to_who_removes_its_directory(
        self, tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept"
        kept.write_text("")

        async def visit() -> None:
            async with opened(said(200), tmp_path) as (_, door):
                door.socket.unlink()
                door.socket.symlink_to(kept)

        asyncio.run(visit())
        assert kept.exists()


def places(place: Path, number: int) -> list[Path]:
    made = [place / str(each) for each in range(number)]
    for each in made:
        each.mkdir()
    return made


def request_of(door: Door) -> bytes:
    headers = {"host": "127.0.0.1:9", "x-api-key": door.nonce}
    return message("POST /v1/messages?beta=true HTTP/1.1", CONVERSATION, headers)


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)
