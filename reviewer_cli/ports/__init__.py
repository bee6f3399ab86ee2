"""The doors that a test cannot open for real: the code host and the engine; and the jail's."""
