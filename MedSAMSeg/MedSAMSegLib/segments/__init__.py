"""Masks into segments as the Segment Editor would: extent-local, undoable."""
