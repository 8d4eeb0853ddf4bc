"""Objects of a slice that nobody has pointed at: searched for, accepted as segments."""
