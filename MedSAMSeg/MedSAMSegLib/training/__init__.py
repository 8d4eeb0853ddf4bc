"""Slices drawn, edited or accepted, exported as files, and `medsamseg train` in the background."""
