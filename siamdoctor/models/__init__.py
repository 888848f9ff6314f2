"""Reading saved Siamese models: statically first, and never running code that comes from the file."""
