"""What is measured of an object in a scan, and what a measured line says of an object."""
