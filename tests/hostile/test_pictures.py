"""No picture and no document reaches the model, whatever it is called: people would not see it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.engines import model_request
from reviewer_cli.errors import HeadError
from tests.fakes.scripted_model import ScriptedModel, call
from tests.fakes.stage import Stage
from tests.hostile.layers import (
    Change,
    Hijacked,
    Post,
    as_it_is,
    change_options,
    only_tools,
)

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJ"
    "RU5ErkJggg=="
)
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + bytes(64) + b"\xff\xd9"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"
BMP = b"BM:\0\0\0\0\0\0\x006\0\0\0(\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0" + bytes(28)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {
                "cell_type": "code",
                "source": "1",
                "metadata": {},
                "execution_count": 1,
                "outputs": [
                    {
                        "output_type": "display_data",
                        "data": {"image/png": base64.b64encode(PNG).decode()},
                        "metadata": {},
                    }
                ],
            }
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
).encode()
KINDS = {"png": PNG, "gif": GIF, "jpg": JPEG, "webp": WEBP, "bmp": BMP, "pdf": PDF}
PICTURES = {
    **{f"named.{kind}": content for kind, content in KINDS.items()},
    **{f"NAMED.{kind.upper()}": content for kind, content in KINDS.items()},
    **{f"unnamed-{kind}": content for kind, content in KINDS.items()},
    **{f"disguised-{kind}.py": content for kind, content in KINDS.items()},
    "named.ipynb": NOTEBOOK,
    "empty.png": PNG[:8],
}


def blocks(model: ScriptedModel) -> list[str]:
    """The kinds of everything in the results of tools, however deep, that is no text."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, dict):
            kind = str(value.get("type"))
            found.extend([kind] * (kind in ("image", "document", "file")))
            look(value.get("content"))

    for request in model.requests:
        look([message["content"] for message in request.body["messages"]])
    return found


def sweep(stage: Stage, post: Post, change: Change) -> ScriptedModel:
    """A sweep over a branch full of pictures, each of which the model asks for."""
    repo = stage.repo()
    repo.commit({**PICTURES, "a.py": "a = 2\n"}, branch="topic")
    asked = [call("Read", file_path=name) for name in PICTURES]
    change_options(post.patch, change, post.stderr)
    with ScriptedModel(Hijacked(asked, stray=asked[0], prompt="Review this change.")) as model:
        stage.engine = post.engine(model)
        assert stage.sweep().exit_code == 0
    assert stage.states() == {"topic": State.POSTED}
    assert model.requests[-1].turn > len(asked) // 12
    return model


@pytest.mark.threat("T15", layer="checkout", tries=len(PICTURES))
def test_the_checkout_leaves_out_all_pictures(tmp_path: Path, post: Post) -> None:
    assert blocks(sweep(Stage(tmp_path / "stage"), post, only_tools)) == []


@pytest.mark.threat("T15", layer="all layers", tries=len(PICTURES))
def test_no_picture_of_a_branch_reaches_the_model(tmp_path: Path, post: Post) -> None:
    assert blocks(sweep(Stage(tmp_path / "stage"), post, as_it_is)) == []


NAMED = [
    name for name in PICTURES if name.lower().startswith("named.") and "bmp" not in name.lower()
]


@pytest.mark.threat("T15", layer="tools", tries=len(NAMED))
def test_the_program_does_not_open_what_is_named_as_a_picture(post: Post) -> None:
    assert blocks(reading(post, NAMED, as_it_is)) == []


def test_without_any_layer_pictures_are_shown(post: Post) -> None:
    """Whatever their names, which is why the checkout looks at what is in them."""
    post.patch.setattr(model_request, "_object_to", lambda messages, system: None)
    assert "image" in blocks(reading(post, ["unnamed-png"], only_tools))


@pytest.mark.threat("T15", layer="proxy")
def test_a_picture_that_was_opened_all_the_same_is_not_sent(post: Post) -> None:
    with pytest.raises(HeadError, match="more than text: 'image'"):
        reading(post, ["unnamed-png"], only_tools)


def reading(post: Post, names: list[str], change: Change) -> ScriptedModel:
    for name, content in PICTURES.items():
        (post.checkout / name).write_bytes(content)
    asked = [call("Read", file_path=name) for name in names]
    change_options(post.patch, change, post.stderr)
    with ScriptedModel(Hijacked(asked, stray=asked[0])) as model:
        post.review(model)
    return model
