"""What a GraphQL query costs, by GitHub's documented formula.

Points: the requests needed to fill every connection if each `first` or `last` were reached,
divided by 100 and rounded, at least 1. Nodes: how many the query could return; 500,000 at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import graphql

NODE_LIMIT = 500_000


@dataclass(slots=True)
class Cost:
    """The requests and nodes of one query."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """What it takes from the hourly budget."""
        return max(1, round(self.requests / 100))


def cost(document: graphql.DocumentNode, variables: Mapping[str, Any]) -> Cost:
    """The cost of a parsed query with its variables."""
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, graphql.FragmentDefinitionNode)
    }
    total = Cost()

    def walk(selections: graphql.SelectionSetNode | None, times: int, values: Any) -> None:
        for node in selections.selections if selections else ():
            if isinstance(node, graphql.FragmentSpreadNode):
                walk(fragments[node.name.value].selection_set, times, values)
            elif isinstance(node, graphql.InlineFragmentNode):
                walk(node.selection_set, times, values)
            elif isinstance(node, graphql.FieldNode):
                given = {
                    one.name.value: graphql.value_from_ast_untyped(one.value, values)
                    for one in node.arguments or ()
                }
                size = given.get("first") or given.get("last")
                if isinstance(size, int):
                    total.requests += times
                    total.nodes += times * size
                below = size if isinstance(size, int) else len(given.get("ids") or ()) or 1
                walk(node.selection_set, times * below, values)

    for one in document.definitions:
        if isinstance(one, graphql.OperationDefinitionNode):
            usual = {
                each.variable.name.value: graphql.value_from_ast_untyped(each.default_value)
                for each in one.variable_definitions or ()
                if each.default_value
            }
            walk(one.selection_set, 1, usual | dict(variables))
    return total
