"""What all jails with walls promise: they are tested before they are trusted."""

from __future__ import annotations

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.command import Launcher, Limits
from reviewer_cli.jail.self_test import Verdict, self_test


class Walled(Launcher):
    """A launcher that also builds walls; each object tests them once."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits)
        self._verdict: Verdict | None = None

    def verdict(self) -> Verdict:
        """What the probe met in this jail; it is put in once."""
        if self._verdict is None:
            self._verdict = self_test(self)
        return self._verdict

    def check(self) -> None:
        """Raise ConfigurationError when the probe reaches anything outside, or cannot start."""
        verdict = self.verdict()
        if verdict.reached:
            raise ConfigurationError(
                f"The jail {self.name} does not hold: a probe inside reached "
                f"{', '.join(verdict.reached)}; nothing is reviewed. Choose another with sandbox "
                "in reviewer.toml, and report this."
            )
        if verdict.trouble:
            raise ConfigurationError(
                f"The jail {self.name} does not work here ({verdict.trouble}); choose another "
                'with sandbox in reviewer.toml, or "auto" for the strongest that works.'
            )
