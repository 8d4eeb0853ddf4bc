"""The server as a child process, or a remote one: found, started, watched, replaced."""
