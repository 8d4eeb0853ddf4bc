"""How responsive Slicer stays: measured, not asserted; see `__main__`."""
