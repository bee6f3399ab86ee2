"""docs/rounds.md shows a conversation as it really goes."""

from __future__ import annotations

from tests.conversation import conversation, written


def test_the_conversation_in_the_document_is_the_one_that_is_played() -> None:
    assert written() == conversation(), "run make conversation"
