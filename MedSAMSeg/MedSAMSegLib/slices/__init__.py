"""What is known of each slice of a segment, kept in the segment."""
