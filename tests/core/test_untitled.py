"""A digest for people who may not read the repositories has no words that came out of them."""

from __future__ import annotations

from dataclasses import replace

from reviewer_cli.core.digest import AdviceKind
from reviewer_cli.core.digest_json import from_json, to_json
from reviewer_cli.core.untitled import untitled
from tests.render.digest_samples import SAMPLES

CANARY = "canary out of the code"


def test_titles_and_quotes_are_gone_and_every_number_stays() -> None:
    full = SAMPLES["full"]
    assert full.nearly_missed
    assert full.draw
    assert {AdviceKind.DISMISSED, AdviceKind.PASSED_OVER} & {one.kind for one in full.advice}
    quoting = (AdviceKind.DISMISSED, AdviceKind.PASSED_OVER)
    told = replace(
        full,
        nearly_missed=tuple(replace(one, title=CANARY) for one in full.nearly_missed),
        draw=tuple(replace(one, title=CANARY) for one in full.draw),
        advice=tuple(
            replace(one, text=CANARY) if one.kind in quoting else one for one in full.advice
        ),
    )
    assert CANARY in to_json(told)
    bare = untitled(told)
    assert CANARY not in to_json(bare)
    assert (
        replace(
            bare,
            nearly_missed=full.nearly_missed,
            draw=full.draw,
            advice=full.advice,
        )
        == full
    )
    starters = [one for one in full.advice if one.kind not in quoting]
    assert [one for one in bare.advice if one.kind not in quoting] == starters
    assert untitled(bare) == bare
    assert from_json(to_json(bare)) == bare
