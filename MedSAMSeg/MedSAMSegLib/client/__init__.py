"""The HTTP contract with nothing but the standard library."""
