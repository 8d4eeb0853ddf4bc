"""What holds in every geometry: drawn from all rotations, spacings, directions and places."""

import numpy as np
import pytest
import slicer
from geometries import SHAPE, affine, rotation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

angles = st.floats(-180, 180)
spacings = st.tuples(*[st.floats(0.05, 8)] * 3)
signs = st.tuples(*[st.sampled_from((-1, 1))] * 3)
orders = st.permutations(range(3))
origins = st.tuples(*[st.floats(-2000, 2000)] * 3)


@st.composite
def matrices(draw):
    """IJKToRAS of any scan: axes in any order and direction, rotated anyhow, anywhere."""
    axes = np.eye(3)[draw(orders)] * (np.array(draw(signs)) * draw(spacings))
    return affine(rotation(draw(angles), draw(angles)) @ axes, draw(origins))


@pytest.fixture
def geometryOf(host, cleanScene):
    """Called with a matrix, gives the geometry of a volume that has it; one node serves all examples."""
    volumeNode = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.uint8))

    def make(matrix):
        volumeNode.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
        return SliceGeometry(volumeNode)

    return make


def test_boxComesBackAsItWas(geometryOf):
    @BOUNDED
    @given(matrix=matrices(), axis=st.sampled_from((0, 1, 2)), data=st.data())
    def check(matrix, axis, data):
        geometry = geometryOf(matrix)
        rows, columns = geometry.sliceShape(axis)
        index = data.draw(st.integers(0, SHAPE[axis] - 1))
        x0, x1 = sorted(data.draw(st.tuples(*[st.floats(0, columns - 1)] * 2)))
        y0, y1 = sorted(data.draw(st.tuples(*[st.floats(0, rows - 1)] * 2)))
        box = (x0, y0, x1 + 0.25, y1 + 0.25)
        corners = [geometry.worldFromContinuous(axis, index, *box[edge : edge + 2]) for edge in (0, 2)]
        for first, second in (corners, corners[::-1]):
            prompt = geometry.boxFromRAS(first, second, axis)
            assert (prompt.axis, prompt.sliceIndex, prompt.isClipped) == (axis, index, False)
            np.testing.assert_allclose(prompt.box, box, atol=1e-6)

    check()


def test_axisIsTheOneAlongWhichTheCornersAgree(geometryOf):
    @BOUNDED
    @given(matrix=matrices(), axis=st.sampled_from((0, 1, 2)))
    def check(matrix, axis):
        geometry = geometryOf(matrix)
        corners = [geometry.worldFromContinuous(axis, 4, *corner) for corner in ((1, 2), (6, 7))]
        assert geometry.axisForCorners(*corners) == axis
        assert geometry.sliceIndex(axis, corners[0]) == 4

    check()


def test_clippedBoxIsInsideTheImageAndInsideTheBox(geometryOf):
    coordinate = st.floats(-30, 30)

    @BOUNDED
    @given(
        axis=st.sampled_from((0, 1, 2)),
        index=st.integers(-3, 14),
        corner=st.tuples(coordinate, coordinate),
        size=st.tuples(st.floats(0.1, 40), st.floats(0.1, 40)),
    )
    def check(axis, index, corner, size):
        geometry = geometryOf(np.eye(4))
        rows, columns = geometry.sliceShape(axis)
        (x0, y0), (x1, y1) = corner, np.add(corner, size).tolist()
        prompt = SlicePrompt(axis, index, (x0, y0, x1, y1))
        try:
            clipped = geometry.clip(prompt)
        except UserError as error:
            assert error.code == "box_outside_image"
            return
        assert 0 <= clipped.sliceIndex < SHAPE[axis]
        left, top, right, bottom = clipped.box
        assert max(x0, -0.5) == left < right == min(x1, columns - 0.5)
        assert max(y0, -0.5) == top < bottom == min(y1, rows - 0.5)
        assert clipped.isClipped == (clipped.box != prompt.box)
        assert geometry.clip(clipped).box == clipped.box

    check()
