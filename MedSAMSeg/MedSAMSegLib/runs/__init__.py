"""Work that takes longer than a moment, advanced by one timer."""
