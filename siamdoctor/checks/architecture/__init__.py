"""How the towers and inputs are wired."""
