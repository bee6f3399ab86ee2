"""How much of a matrix a run tries: all of it where MATRIX_EVERY is 1, else other parts each time.

MATRIX_SEED, which each run says, chooses the same parts again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

SEED = int(os.environ.get("MATRIX_SEED", "0")) or random.SystemRandom().randint(1, 999_999)
STRIDE = int(os.environ.get("MATRIX_EVERY", "0"))


def sample(items: Sequence[Item], every: int) -> list[Item]:
    """Each `every`-th of them, unless the environment says otherwise; one at least."""
    stride = min(STRIDE or every, len(items))
    return list(items[SEED % stride :: stride])
