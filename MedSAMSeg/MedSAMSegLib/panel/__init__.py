"""The panel; no logic of its own."""
