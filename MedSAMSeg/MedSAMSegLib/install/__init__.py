"""The server's packages, installed from the panel: whole or not at all."""
