"""The SQLite file with a row per head: the queue, the memory and the audit trail in one."""
