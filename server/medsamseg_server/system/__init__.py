"""Files, folders, locks and memory: what the operating system is asked for."""
