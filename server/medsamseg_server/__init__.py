"""MedSAM-family segmentation from boxes: networks, volumes, propagation, HTTP server and command line."""

__version__ = "0.1.0"

#: Version of the HTTP contract. It changes when an old client could misread a new server's answer.
PROTOCOL_VERSION = 1
