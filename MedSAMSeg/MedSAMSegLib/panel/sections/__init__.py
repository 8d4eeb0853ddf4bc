"""A group of widgets each."""
