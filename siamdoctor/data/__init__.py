"""Reading data sets and drawing pairs from them."""
