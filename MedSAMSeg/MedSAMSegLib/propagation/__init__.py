"""From boxes on some slices to masks on all."""
