"""Unattended pull-request review on a schedule: one idempotent review per commit."""

__version__ = "0.1.0"
