"""Files of images, segmentations and pictures: read, written and drawn."""
