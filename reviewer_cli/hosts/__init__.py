"""Where pull requests live; each host is one file or package and knows none of the others."""
