"""Where a message goes that nobody has to fetch: services and files."""
