"""How the agent is held: the SDK's options for reading a hostile checkout.

Every setting here closes something that was measured open with claude-agent-sdk 0.2.187.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer_cli.ports.engine import Brief

if TYPE_CHECKING:  # importing the SDK takes a second and 70 MB, which an idle tick must not pay
    from claude_agent_sdk import ClaudeAgentOptions

TOOLS = ("Read", "Grep", "Glob")
FLAGS = ("restricted", "no-session-persistence")

# Pictures can carry instructions that no reader of the diff sees; notebooks hold pictures. Matching
# ignores case. A picture without an extension is recognised by its content and is not covered
# here: the checkout must leave it out.
PICTURES = ("png", "jpg", "jpeg", "gif", "webp", "pdf", "ipynb")
DENIED = ["Read(./.git/**)", *(f"Read(**/*.{kind})" for kind in PICTURES)]

STALL_MS = "60000"  # silence in mid-stream is otherwise noticed after 300 s
ENVIRONMENT = {
    "API_TIMEOUT_MS": "300000",
    "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS": STALL_MS,
    # The first system block would otherwise differ per prompt and defeat caching.
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    # Without it each review makes one more paid request, for a title.
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    # 0 would lose a long review to one overload; the default of 10 takes three minutes.
    "CLAUDE_CODE_MAX_RETRIES": "2",
    "CLAUDE_ENABLE_BYTE_WATCHDOG": "1",
    "CLAUDE_ENABLE_STREAM_WATCHDOG": "1",
    "CLAUDE_STREAM_IDLE_TIMEOUT_MS": STALL_MS,
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "LANG": "C.UTF-8",
}
# What the SDK itself tells the program of the two of them.
OF_THE_SDK = frozenset(
    {
        *("CLAUDE_AGENT_SDK_VERSION", "CLAUDE_CODE_ENTRYPOINT"),
        *("CLAUDE_CODE_SDK_READS_SESSION_STATE", "PWD"),
    }
)
# What starting a program through the jail takes; the SDK would hand on everything else that we
# were given, and can only blank it.
TO_START = frozenset({"LD_LIBRARY_PATH", "PATH"})

HOME = "home"
# Characters. A file of 256 kB or the largest result of Grep makes a message of 3.4 million, a
# hundred findings of full length one of 7 at most; the default of 1 MiB breaks on one big file.
LARGEST_MESSAGE = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of the program: in which directory, with which tools, how long, for how much."""

    brief: Brief
    directory: Path
    tools: tuple[str, ...]
    deadline_s: float
    max_usd: float


def agent_environment(private: Path, access: Mapping[str, str]) -> dict[str, str]:
    """All that the program is told by variables; `access` is how it reaches its provider."""
    home = str(private / HOME)
    return {
        **access,
        **ENVIRONMENT,
        "HOME": home,
        "TMPDIR": home,
        "CLAUDE_CODE_TMPDIR": home,
        "CLAUDE_CONFIG_DIR": home,
    }


def agent_options(
    task: Task,
    *,
    program: Path,
    private: Path,
    model: str,
    max_turns: int,
    environment: Mapping[str, str],
    on_stderr: Callable[[str], None],
) -> ClaudeAgentOptions:
    """The options of one run; `private` is a directory of this run alone, written to here."""
    from claude_agent_sdk import ClaudeAgentOptions

    instructions = private / "instructions"  # on the command line it could be too long
    instructions.write_text(task.brief.instructions, encoding="utf-8")
    (private / HOME).mkdir()
    return ClaudeAgentOptions(
        cwd=task.directory,
        cli_path=program,
        model=model,
        system_prompt={"type": "file", "path": str(instructions)},
        output_format={"type": "json_schema", "schema": task.brief.schema},
        max_turns=max_turns,
        max_budget_usd=task.max_usd,
        tools=list(
            task.tools
        ),  # all it has; allowed_tools would open the whole file system instead
        permission_mode="dontAsk",
        settings=json.dumps({"permissions": {"deny": DENIED}}),
        setting_sources=[],  # None would run the repository's own hooks
        strict_mcp_config=True,
        skills=[],
        verbatim_prompts=True,  # "@path" and "/command" in a title stay text
        extra_args=dict.fromkeys(FLAGS),
        max_buffer_size=LARGEST_MESSAGE,
        stderr=on_stderr,
        env={**dict.fromkeys(os.environ.keys() - TO_START, ""), **environment},
    )
