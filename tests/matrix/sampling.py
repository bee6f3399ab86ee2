"""How much of a matrix a run tries: all of it where MATRIX_EVERY is 1, else other parts each time.

MATRIX_SEED, which a run says where tests failed, chooses the same parts again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

SEED = int(os.environ.setdefault("MATRIX_SEED", str(random.SystemRandom().randint(1, 999_999))))
"""All processes of a run take the same samples."""

STRIDE = int(os.environ.get("MATRIX_EVERY", "0"))


def sample(items: Sequence[Item], every: int) -> list[Item]:
    """Each `every`-th of them, unless the environment says otherwise; one at least."""
    stride = min(STRIDE or every, len(items))
    return list(items[SEED % stride :: stride])
