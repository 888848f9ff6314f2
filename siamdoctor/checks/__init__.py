"""One file a fault, in families. A check asks the case for numbers and returns evidence; nothing more."""
