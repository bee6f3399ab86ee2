"""Commits, diffs and trees, read with git but without anything git could be made to run."""
