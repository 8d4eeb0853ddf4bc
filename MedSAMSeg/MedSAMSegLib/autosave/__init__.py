"""Work that survives a crash: scenes written beside, offered again, and removed."""
