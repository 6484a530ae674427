"""Settings: flag > environment > config.toml > default, and where each value came from."""
