"""What reads a checkout and a diff and answers with findings; no engine knows another."""
