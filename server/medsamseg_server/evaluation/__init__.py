"""Measuring segmentation against reference labels: manifests, protocols, metrics and reports."""
