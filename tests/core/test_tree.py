from __future__ import annotations

import pytest

from reviewer_cli.core.tree import CheckoutLimits, plan

OID = b"1" * 40


def listing(*lines: tuple[bytes, bytes, bytes]) -> bytes:
    return b"".join(
        b"%b blob %b %7b\t%b\0" % (mode, OID, length, path) for mode, length, path in lines
    )


def file(path: bytes, length: int = 1) -> tuple[bytes, bytes, bytes]:
    return (b"100644", b"%d" % length, path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (file(b"a"), None),
        ((b"100755", b"1", b"a"), None),
        ((b"100664", b"1", b"a"), None),
        ((b"120000", b"1", b"a"), "symbolic link"),
        ((b"160000", b"-", b"a"), "submodule"),
        ((b"040000", b"-", b"a"), "not a regular file"),
        (file(b"../a"), "its name is unsafe"),
        (file(b"a", 11), "larger than 10 bytes"),
        (file(b"a\tb"), "its name is unsafe"),
    ],
)
def test_one_entry(line: tuple[bytes, bytes, bytes], reason: str | None) -> None:
    found = plan(listing(line), CheckoutLimits(max_file_bytes=10))
    assert [skipped.reason for skipped in found.skipped] == ([reason] if reason else [])
    assert len(found.entries) == (reason is None)


def test_totals_are_filled_in_order() -> None:
    limits = CheckoutLimits(max_total_bytes=10, max_files=3)
    lines = listing(*(file(name, n) for name, n in ((b"a", 6), (b"b", 5), (b"c", 4), (b"d", 0))))
    lines += listing(file(b"e", 0))
    found = plan(lines, limits)
    assert [entry.path for entry in found.entries] == [b"a", b"c", b"d"]
    assert [skipped.reason for skipped in found.skipped] == [
        "the checkout stops at 10 bytes",
        "the checkout stops at 3 files",
    ]


@pytest.mark.parametrize(
    "paths", [(b"a", b"a"), (b"a", b"a/b/c"), (b"a/b/c", b"a"), (b"a/b/c", b"a/b")]
)
def test_of_two_entries_in_one_place_the_first_stays(paths: tuple[bytes, bytes]) -> None:
    found = plan(listing(*map(file, paths)), CheckoutLimits())
    assert [entry.path for entry in found.entries] == [paths[0]]
    assert [skipped.reason for skipped in found.skipped] == ["its name is in the tree twice"]
