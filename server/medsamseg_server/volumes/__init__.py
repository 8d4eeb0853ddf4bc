"""Uploaded voxels, slices, intensity windows."""
