"""Training: new models from labeled scans, for the same server and panel that run the published ones."""
