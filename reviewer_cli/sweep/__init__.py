"""The story of a sweep: recover, poll, select, prepare, claim, review, verify, save, publish."""
