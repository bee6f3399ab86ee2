"""Whether a sweep would work here: everything is looked at, nothing is made or posted."""
