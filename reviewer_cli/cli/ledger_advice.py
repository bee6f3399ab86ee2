"""reviewer ledger proposals and baseline: what a project may put on its base branch."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from reviewer_cli.cli import options


def proposals(
    repo: Annotated[
        str | None, typer.Option(help="Only this repository: a path, or OWNER/NAME.")
    ] = None,
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Print [[known]] tables for kinds of findings that people declined again and again.

    Nothing follows them by itself: put what you agree with into .reviewer.toml on the base branch.
    """
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.core.sanitise import one_line
    from reviewer_cli.ledger.records import reading

    with reading(ledger_of(config, env)) as records:
        found = records.proposals(repo and _name(repo))
    if as_json:
        typer.echo(to_json({"proposals": found}))
        return
    for one in found:
        typer.echo(f"# {one_line(one.repo)}\n{one.proposal.toml}")
    if not found:
        typer.echo("# No kind of finding was declined on three pull requests of a repository.")


def baseline(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="A path, or OWNER/NAME.")],
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Print a .reviewer-baseline.json of all findings that still stand in a repository.

    Commit it on the base branch, and no pull request is told of them again.
    """
    from reviewer_cli.cli.output import ledger_of
    from reviewer_cli.errors import UsageError
    from reviewer_cli.ledger.records import reading

    with reading(ledger_of(config, env)) as records:
        found = records.baseline(_name(repo))
    if found is None:
        raise UsageError(f"The ledger knows no repository {repo!r}; see reviewer ledger list.")
    entries = ",\n".join(f"  {json.dumps(asdict(one))}" for one in found)
    typer.echo(f"[\n{entries}\n]" if entries else "[]")


def _name(repo: str) -> str:
    """As the ledger has it: a path that exists is the whole one, all else is what it is."""
    path = os.path.expanduser(repo)
    return os.path.realpath(path) if os.path.isdir(path) else repo
