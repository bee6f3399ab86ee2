"""The composition root: the only room that names concrete hosts, engines and jails."""

from __future__ import annotations

from reviewer_cli.wiring.doors import doors, rehearsal_doors
from reviewer_cli.wiring.places import places
from reviewer_cli.wiring.plans import plan, plan_for_one

__all__ = ["doors", "places", "plan", "plan_for_one", "rehearsal_doors"]
