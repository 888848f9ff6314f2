"""Statistics on plain arrays, each under its name in the literature; nothing here knows of models."""
