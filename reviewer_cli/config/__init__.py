"""reviewer.toml and the environment, turned into frozen settings."""
