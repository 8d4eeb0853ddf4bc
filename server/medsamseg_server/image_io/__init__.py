"""Reading scans and writing masks, a file format each."""
