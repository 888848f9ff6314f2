"""The state of the embedding and of the weights behind it."""
