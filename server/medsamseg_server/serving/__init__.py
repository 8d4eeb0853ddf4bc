"""HTTP: the contract, its handlers, what is let in, the jobs and the process."""
