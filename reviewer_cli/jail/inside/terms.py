"""What the launcher is told, as words of its argument list: never a secret."""

from __future__ import annotations

WRAPPER = ".start"
"""What the name of a private directory is followed by in that of the file which starts its cell.

It lies beside the directory, where the program inside cannot change it, and is good for one start.
"""


class Terms:
    """How one program is held; it stands where everybody on the machine can read it.

    `wall` is a key of `launch.WALLS`, `memory` is in bytes, `tasks` are
    processes and threads. The paths matter to Landlock alone,
    because bubblewrap has its own words for them; `runnable` ones can be read and executed. A plain
    class, and no JSON: dataclasses, typing and json take longer to import than all the rest.
    """

    def __init__(
        self,
        *,
        parent: int,
        wall: str,
        is_networked: bool,
        memory: int,
        tasks: int,
        private: str,
        socket: str,
        variables: list[str],
        readable: list[str],
        runnable: list[str],
    ) -> None:
        self.parent = parent
        self.wall = wall
        self.is_networked = is_networked
        self.memory = memory
        self.tasks = tasks
        self.private = private
        self.socket = socket
        self.variables = variables
        self.readable = readable
        self.runnable = runnable

    def words(self) -> list[str]:
        """The words that `read` understands; before a list stands its length."""
        figures = (self.parent, int(self.is_networked), self.memory, self.tasks)
        lists = (self.variables, self.readable, self.runnable)
        return [
            *map(str, figures),
            *(self.wall, self.private, self.socket),
            *(word for each in lists for word in (str(len(each)), *each)),
        ]


def read(words: list[str]) -> tuple[Terms, list[str]]:
    """The terms at the beginning of the words, and the command that follows them."""
    rest = iter(words)
    terms = Terms(
        parent=int(next(rest)),
        is_networked=next(rest) == "1",
        memory=int(next(rest)),
        tasks=int(next(rest)),
        wall=next(rest),
        private=next(rest),
        socket=next(rest),
        variables=[next(rest) for _ in range(int(next(rest)))],
        readable=[next(rest) for _ in range(int(next(rest)))],
        runnable=[next(rest) for _ in range(int(next(rest)))],
    )
    return terms, list(rest)
