"""Everything behind the MedSAMSeg module; one file, one idea."""
