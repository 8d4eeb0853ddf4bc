"""Scans in every kind of geometry, for tests of what is measured in millimeters."""

import math

import pytest

from medsamseg_server.image_io.image import STRAIGHT, Geometry

#: From a turn about an axis that is none of the scan's; rows are orthonormal.
OBLIQUE = (0.36, 0.48, -0.8, -0.8, 0.6, 0.0, 0.48, 0.64, 0.6)
#: J leans toward I by 30°, K toward J by 37°.
SHEARED = (1.0, 0.5, 0.0, 0.0, math.sqrt(0.75), 0.6, 0.0, 0.0, 0.8)
GEOMETRIES = {
    "cubes": Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT),
    "anisotropic": Geometry((0.7, 1.3, 5.0), (-20.0, 31.0, 7.0), STRAIGHT),
    "oblique": Geometry((0.7, 1.3, 5.0), (-20.0, 31.0, 7.0), OBLIQUE),
    "sheared": Geometry((0.8, 0.9, 2.5), (3.0, 2.0, -7.0), SHEARED),
}
IN_ALL_GEOMETRIES = pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
