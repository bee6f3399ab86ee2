"""The versioned review instructions: what each pass is told, and the hash that names the version.

The texts never depend on a head, so that a provider's prompt cache can serve them across reviews.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files

from reviewer_cli.core.reply import findings_schema, verdicts_schema
from reviewer_cli.ports.engine import Pass

# A finding pass is its lens followed by what both lenses share about writing findings.
TEXTS = {
    Pass.FIND: ("review.md", "findings.md"),
    Pass.SECOND_LOOK: ("second_look.md", "findings.md"),
    Pass.VERIFY: ("verify.md",),
}


@cache
def instructions(pass_: Pass) -> str:
    """The system prompt of a pass."""
    room = files(__name__)
    return "\n".join(room.joinpath(name).read_text(encoding="utf-8") for name in TEXTS[pass_])


@cache
def digest_instructions() -> str:
    """The system prompt of the paragraph about a digest; no review depends on it."""
    return files(__name__).joinpath("digest_words.md").read_text(encoding="utf-8")


@cache
def contract_hash() -> str:
    """12 hex digits that change with any word of the instructions or any field of the schemas."""
    parts = [*(instructions(pass_) for pass_ in Pass), findings_schema(), verdicts_schema()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
