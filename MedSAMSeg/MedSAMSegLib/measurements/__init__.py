"""Sizes of objects in millimeters, from their voxels."""
