"""Reading scans and labels and writing masks, a file format each."""
