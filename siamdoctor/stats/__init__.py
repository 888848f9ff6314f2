"""Statistics on plain arrays, each under its name in the literature. Nothing here knows of models or checks."""
