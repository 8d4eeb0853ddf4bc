"""Segments into DICOM files, by the server's program."""
