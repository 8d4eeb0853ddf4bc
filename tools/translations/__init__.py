"""The translations of the panel: collected from the module's sources, kept, checked and compiled."""
