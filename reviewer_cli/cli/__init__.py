"""One file per command: parse, call, render, exit. Heavy imports happen inside a command."""
