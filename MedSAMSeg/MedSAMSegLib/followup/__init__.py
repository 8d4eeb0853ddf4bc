"""The lesions of an earlier scan, found again on a later one."""
