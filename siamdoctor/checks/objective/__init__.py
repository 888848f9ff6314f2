"""Labels, loss, head and margin: what training asked for."""
