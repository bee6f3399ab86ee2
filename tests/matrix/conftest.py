"""Says which part of the matrices a run has tried."""

from __future__ import annotations

import pytest

from tests.matrix.sampling import SEED, STRIDE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed that tries the same part again."""
    if STRIDE != 1:
        terminalreporter.line(f"The matrices took the samples of MATRIX_SEED={SEED}.")
