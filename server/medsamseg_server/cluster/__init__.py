"""Work on more than one machine, by Ray: the only rooms that import it."""
