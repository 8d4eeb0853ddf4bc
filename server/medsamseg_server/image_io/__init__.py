"""Images and segmentations, read from files and written to files."""
