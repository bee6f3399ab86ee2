"""A known secret is found in every disguise and taken out; a token is found by its shape."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.core.sanitise import harmless_markdown, visible

SECRET = "cAnary-Value_9f8e7d6c5b4a+zz/Qx"
GITHUB = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def b64_url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def hexed(text: str) -> str:
    return text.encode().hex()


def separated(separator: str) -> Callable[[str], str]:
    return separator.join


def each(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(byte) for byte in text.encode())


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "reversed": lambda text: text[::-1],
    "base64": b64,
    "base64 one byte on": lambda text: b64(f"x{text}"),
    "base64 two bytes on": lambda text: b64(f"xy{text}zz"),
    "base64 for URLs": b64_url,
    "base64 without padding": lambda text: b64(text).rstrip("="),
    "base64 in lines": lambda text: "\n".join(b64(text)[at : at + 9] for at in range(0, 200, 9)),
    "base64 of the reversed": lambda text: b64(text[::-1]),
    "base64 two bytes on, with spaces": lambda text: " ".join(b64(f"xy{text}z")),
    "base64 of the reversed, with spaces": lambda text: " ".join(b64(f"x{text[::-1]}")),
    "hex of the reversed, with spaces": lambda text: " ".join(hexed(text[::-1])),
    "base64 reversed": lambda text: b64(text)[::-1],
    "base64 twice": lambda text: b64(b64(text)),
    "hex": hexed,
    "HEX": lambda text: hexed(text).upper(),
    "hex of the reversed": lambda text: hexed(text[::-1]),
    "hex with colons": lambda text: binascii.hexlify(text.encode(), ":").decode(),
    "hex bytes": each("0x{:02x}, "),
    "hex escapes": each("\\x{:02x}"),
    "octal escapes": each("\\{:03o}"),
    "percent": urllib.parse.quote,
    "percent all": each("%{:02X}"),
    "JSON": lambda text: json.dumps({"key": text}),
    "JSON escapes": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "HTML numbers": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "HTML hex": lambda text: "".join(f"&#x{ord(one):x};" for one in text),
    "spaces": separated(" "),
    "dots": separated("."),
    "dashes": separated("-"),
    "pluses": separated(' + "'),
    "lines": separated("\n"),
    "indented lines": separated("\n    "),
    "zero-width": separated("\u200b"),
    "bidirectional controls": separated("\u202e"),
    "zero-width made visible": lambda text: visible("\u200b".join(text)),
    "entities between": separated("&#8203;"),
    "emphasis": lambda text: "".join(f"**{one}**" for one in text),
    "code spans": lambda text: " ".join(f"`{one}`" for one in text),
    "upper": str.upper,
    "lower": str.lower,
    "full width": lambda text: "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text
    ),
    "sanitised": harmless_markdown,
    "cut in three": lambda text: "first {}, then {}, last {}".format(
        *(text[at * len(text) // 3 : (at + 1) * len(text) // 3] for at in range(3))
    ),
}

#: Secrets as people and generators make them: printable, with eight letters or digits at least.
MADE = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=90)
MADE_SECRETS = MADE.filter(
    lambda text: sum(one.isalnum() for one in text) >= 8 and "redacted" not in text.lower()
)
LONG_SECRETS = st.text(
    alphabet="abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", min_size=40, max_size=90
)


def knowing(*values: str) -> KnownSecrets:
    secrets = KnownSecrets()
    for value in values:
        secrets.add(value)
    return secrets


def is_known_in(secrets: KnownSecrets, text: str) -> bool:
    return any(leak.known for leak in secrets.found(text))


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.threat("T30", layer="secret scan")
@pytest.mark.parametrize("name", DISGUISES)
def test_a_known_secret_is_found_and_taken_out_in_every_disguise(name: str) -> None:
    secrets = knowing(SECRET)
    hidden = DISGUISES[name](SECRET)
    text = f"before it: {hidden}\nafter it"
    assert is_known_in(secrets, text)
    clean = secrets.redacted(text)
    assert clean.startswith("before it: ")
    assert clean.endswith("after it")
    assert "[redacted]" in clean
    assert not is_known_in(secrets, clean), clean
    assert SECRET[:12] not in clean


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.threat("T30", layer="secret scan")
@settings(max_examples=150, deadline=None)
@given(MADE_SECRETS, st.sampled_from(sorted(set(DISGUISES) - {"cut in three"})), st.text())
def test_any_secret_is_found_in_any_disguise_beside_any_text(
    value: str, name: str, other: str
) -> None:
    secrets = knowing(value)
    text = f"{other} {DISGUISES[name](value)} {other}"
    assert is_known_in(secrets, text)
    assert not is_known_in(secrets, secrets.redacted(text))


@settings(max_examples=80, deadline=None)
@given(LONG_SECRETS, st.data())
def test_half_of_a_secret_is_a_leak_and_a_few_characters_are_none(
    value: str, data: st.DataObject
) -> None:
    secrets = knowing(value)
    half = (len(value) + 1) // 2
    start = data.draw(st.integers(0, len(value) - half))
    for disguise in (str, b64, hexed, lambda text: text[::-1]):
        assert is_known_in(secrets, f"say {disguise(value[start : start + half])}!")
    assert not is_known_in(secrets, f"begins with {value[:7]}…")


@pytest.mark.parametrize(
    ("value", "shown", "leaks"),
    [
        ("abcdefghijkm123456789", "abcdefghijk", False),
        ("abcdefghijkm123456789", "abcdefghijkm", True),
        ("abcdefghijkmnpqrstuvwxyz-0123456789ABCDE", "abcdefghijkmnpqrst", False),
        ("abcdefghijkmnpqrstuvwxyz-0123456789ABCDE", "abcdefghijkmnpqrstuv", True),
    ],
)
def test_how_much_of_a_secret_is_a_leak(value: str, shown: str, leaks: bool) -> None:
    """Twelve characters, or half of it where that is more."""
    assert is_known_in(knowing(value), f"It says {shown}.") is leaks


@given(st.text(max_size=300))
def test_text_without_a_secret_is_left_exactly_as_it_is(text: str) -> None:
    assert knowing(SECRET, "0f" * 32).redacted(text) == text


def test_ordinary_prose_shares_no_more_than_words_with_a_passphrase() -> None:
    secrets = knowing("correct-horse-battery-staple-9")
    prose = "The horse has a battery, which is correct. A staple diet is no secret."
    assert secrets.found(prose) == ()


def test_values_shorter_than_eight_characters_are_not_taken() -> None:
    secrets = knowing("", "short", "1234567", "   \n  ")
    assert secrets.found("short 1234567") == ()
    assert repr(secrets) == "<KnownSecrets: 0>"


def test_a_secret_that_is_mostly_signs_is_found_as_it_stands() -> None:
    secrets = knowing("?!a=$%&/()#+")
    for text in ("?!a=$%&/()#+", "+#)(/&%$=a!?", hexed("?!a=$%&/()#+"), b64("?!a=$%&/()#+")):
        assert is_known_in(secrets, f"x {text} y"), text


def private_key(seed: str) -> str:
    """A made-up key: the header line that all have in common, then lines of its own."""
    lines = [b64(f"{seed}{at}" * 9)[:64] for at in range(6)]
    header = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    return "\n".join(
        ("-----BEGIN PRIVATE KEY-----", header, *lines, "-----END PRIVATE KEY-----", "")
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n", r"\n"], ids=["lines", "CRLF", "escaped"])
def test_each_line_of_a_private_key_is_a_secret_but_not_what_all_keys_share(ends: str) -> None:
    ours, theirs = private_key("ours"), private_key("theirs")
    secrets = knowing(ours.replace("\n", ends))
    assert all(is_known_in(secrets, line) for line in ours.split("\n")[2:-2])
    assert is_known_in(secrets, f"`{ours.split()[6][:32]}`")
    assert not is_known_in(secrets, theirs)
    assert not is_known_in(secrets, "-----BEGIN PRIVATE KEY-----")
    assert is_known_in(secrets, b64(ours))


# ---- token shapes


@pytest.mark.parametrize("name", ["plain", "reversed", "base64", "base64 for URLs", "hex", "HEX"])
@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (GITHUB, "a GitHub token"),
        ("sk-ant-api03-" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY", "an Anthropic key"),
        ("glpat-" + "aB3dE5fG7hJ9kL1mN3pQ", "a GitLab token"),
        ("sk_live_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7", "a live Stripe key"),
    ],
    ids=lambda one: one if " " in one else "",
)
def test_a_token_that_nobody_told_of_is_found_by_its_shape(
    token: str, kind: str, name: str
) -> None:
    text = f"use {DISGUISES[name](token)} for it"
    (leak,) = KnownSecrets().found(text)
    assert (leak.kind, leak.known) == (kind, False)
    assert KnownSecrets().redacted(text).rstrip("= ") != text
    assert f"[redacted: {kind}]" in KnownSecrets().redacted(text)


def test_a_private_key_is_taken_out_up_to_the_text_that_follows() -> None:
    key = private_key("any")
    clean = KnownSecrets().redacted(f"Look:\n{key}\nThis key is in the change.")
    assert clean.startswith("Look:\n[redacted: a private key]")
    assert clean.endswith("This key is in the change.")
    assert KnownSecrets().found("Code reads `-----BEGIN PRIVATE KEY-----` here") == ()


@pytest.mark.parametrize(
    "text",
    ["ghp_" + "x" * 36, "sk_live_example_example_example", "ghp_…", "AKIA", "sha256:" + "0f" * 32],
)
def test_examples_and_mere_prefixes_are_no_tokens(text: str) -> None:
    assert KnownSecrets().found(f"such as {text}") == ()


def test_a_leak_says_what_it_is_and_never_the_value() -> None:
    secrets = knowing(SECRET)
    leaks = secrets.found(f"{SECRET} {b64(SECRET)} {GITHUB}")
    assert {leak.kind for leak in leaks} >= {"a known secret", "a GitHub token"}
    assert SECRET[:6] not in repr(leaks) + repr(secrets)
    assert GITHUB[:8] not in repr(leaks)


# ---- work


class CountedIndex(dict[str, list[object]]):
    """Counts how often it is asked."""

    asked = 0

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        self.asked += 1
        return super().get(key, default)


def lookups(values: list[str], text: str) -> int:
    secrets = knowing(*values)
    index = CountedIndex(secrets._index)  # type: ignore[arg-type]
    secrets._index = index  # type: ignore[assignment]
    secrets.found(text)
    return index.asked


def test_the_work_grows_with_the_text_alone_and_only_in_proportion() -> None:
    text = "the quick brown fox `jumps` over %41 &amp; the_lazy_dog_and_its_friends " * 100
    one, many = ([f"made-up value number {at} 9f8e7d" for at in range(n)] for n in (1, 20))
    assert lookups(one, text) == lookups(many, text) <= 6 * len(text)
    assert lookups(many, text * 2) == pytest.approx(2 * lookups(many, text), rel=0.01)


def test_no_text_makes_searching_slow() -> None:
    secrets = knowing(*(f"made-up value number {at} 9f8e7d" for at in range(20)))
    pieces = ("a", "aB3dE5f", "%41", "\\", "&#", "-eyJ", "eyJaaaaaaaaaa.", "xox", "=", "sk-proj-")
    blocks = ("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n" + "A" * 15 + "\n")
    started = time.process_time()
    for piece in (*pieces, *blocks, "made-up value number 1 "):
        secrets.redacted(piece * (16_000 // len(piece)))
    assert time.process_time() - started < 5.0


def test_a_long_secret_is_taken_without_a_wait() -> None:
    """Such as a provider's key file in JSON: a few thousand characters, known at each start."""
    secrets, value = KnownSecrets(), "".join(f"{at:x}-" for at in range(3000))
    started = time.process_time()
    secrets.add(value)
    assert time.process_time() - started < 1.5
    assert is_known_in(secrets, f"see {value[: len(value) // 2 + 1]}")


def test_threads_may_add_and_search_at_the_same_time() -> None:
    secrets = KnownSecrets()
    values = [f"thread-{at}-{hexed(str(at * 7919))}-{b64(str(at))}" for at in range(64)]
    missed: list[str] = []

    def work(mine: list[str]) -> None:
        for value in mine:
            secrets.add(value)
            missed.extend([value] if not is_known_in(secrets, f"so {b64(value)}") else [])

    threads = [threading.Thread(target=work, args=(values[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []
    assert all(is_known_in(secrets, value) for value in values)
