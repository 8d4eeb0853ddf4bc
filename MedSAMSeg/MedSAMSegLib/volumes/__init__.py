"""From a box in space to a box in voxels, for any volume."""
