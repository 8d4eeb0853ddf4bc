"""One server for a group: named users with tokens of their own, what each may use, and a place for each."""
