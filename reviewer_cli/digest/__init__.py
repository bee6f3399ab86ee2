"""The digest: from facts of the ledger to one tree of numbers, and how it reaches people."""
