"""A cylinder that is a circle on planes which are turned against its volume, and a server that finds what is bright."""

import io

import numpy as np
import slicer
from fakeServer import FakeServer, withProbability
from geometries import IJK_TO_RAS, affine, putUnder, rotation

from MedSAMSegLib.client.serverReplies import SliceMask

RADIUS, HALF_LENGTH = 8.5, 8.4
INSIDE, OUTSIDE = 1000, 0
#: Right, up and normal of the planes, all of them at angles to all axes of all volumes.
RIGHT, UP, NORMAL = (rotation(25, 30) @ np.diag([1, 1, 1])).T

#: Every kind of voxels: their matrix to RAS without a translation, and how many there are (K, J, I).
VOXELS = {
    "isotropic": (np.eye(3), (38, 38, 38)),
    "anisotropic": (np.diag([0.9, 1.0, 3.0]), (14, 36, 40)),
    "left-handed": (rotation(-31, 12) @ np.diag([0.9, 1.0, -2.0]), (20, 36, 40)),
    "gantry tilt": (IJK_TO_RAS["gantry tilt"][:3, :3] @ np.diag([1 / 0.8, 1 / 0.9, 2.0 / 3.5]), (20, 42, 36)),
}


class BrightServer(FakeServer):
    """Finds what is bright inside of a box, in the voxels that it was sent, and follows it as far as it goes."""

    def __init__(self):
        super().__init__(reach=40)
        self.sent = {}

    def uploadVolume(self, upload):
        self.sent[upload.key] = np.load(io.BytesIO(b"".join(upload.chunks())))
        return super().uploadVolume(upload)

    def segment(self, key, prompts, *arguments, **options):
        pixels = self.sent[key].take(prompts[0].sliceIndex, axis=prompts[0].axis)
        self.maskOfBox = lambda box: _bright(pixels, box)
        return super().segment(key, prompts, *arguments, **options)

    def propagate(self, key, axis, job, **options):
        self._slicesNow = np.moveaxis(self.sent[key], axis, 0)
        return super().propagate(key, axis, job, **options)

    def _slices(self, name, followed):
        self.maskOfBox = lambda box: _bright(self._slicesNow[0], box)
        for event in super()._slices(name, followed):
            index = event.fields["slice"]
            if 0 <= index < len(self._slicesNow) and self._slicesNow[index].any():
                rows, columns = self._slicesNow[index].nonzero()
                around = (columns.min(), rows.min(), columns.max(), rows.max())
                event.fields["mask"] = withProbability(_bright(self._slicesNow[index], around))
                yield event


def _bright(pixels, box):
    x0, y0 = (max(0, int(np.ceil(edge))) for edge in box[:2])
    x1, y1 = (int(np.floor(edge)) for edge in box[2:])
    return SliceMask(x0, y0, pixels[y0 : y1 + 1, x0 : x1 + 1] > (INSIDE + OUTSIDE) / 2, 0.9)


def offsets(volume, middle):
    """:return: (how far the voxels' centers are along the normal, and across it), each (K, J, I), in the world."""
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    k, j, i = np.indices(slicer.util.arrayFromVolume(volume).shape)
    places = np.tensordot(toWorld[:3, :3], np.stack([i, j, k]), 1) + (toWorld[:3, 3] - middle).reshape(3, 1, 1, 1)
    along = np.tensordot(NORMAL, places, 1)
    return along, np.sqrt(np.maximum((places**2).sum(axis=0) - along**2, 0))


def matrixOf(volume):
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def transformsOf(volume):
    node, found = volume.GetParentTransformNode(), []
    while node is not None:
        found.append(slicer.util.arrayFromTransformMatrix(node))
        node = node.GetParentTransformNode()
    return found


def addCylinder(kind="isotropic", parents="no parent"):
    """:return: (volume with a cylinder, (R, A, S) of its middle)."""
    axes, shape = VOXELS[kind]
    volume = slicer.util.addVolumeFromArray(np.zeros(shape, np.int16), name="CT")
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(affine(axes, (-12.5, 30.25, -7.0))))
    putUnder(volume, parents)
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    middle = (toWorld @ [*(np.array(shape[::-1]) / 2 - 0.4), 1.0])[:3]
    along, across = offsets(volume, middle)
    isInside = (abs(along) <= HALF_LENGTH) & (across <= RADIUS)
    slicer.util.updateVolumeFromArray(volume, np.where(isInside, INSIDE, OUTSIDE).astype(np.int16))
    return volume, middle


def corners(middle, side=RADIUS + 2):
    return tuple(tuple(middle + sign * side * (RIGHT + UP)) for sign in (-1, 1))


def draw(logic, volume, middle, **how):
    """:return: (segmentation, segment, BoxResult) of a box round the cylinder on the plane through its middle."""
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumor")
    where = {"boxRAS": corners(middle), "plane": (RIGHT, UP), **how}
    return segmentation, segment, logic.segmentBox(volume, segmentation, segment, **where)


def dice(found, expected):
    return 2 * (found & expected).sum() / (found.sum() + expected.sum())


def planeDistance(volume):
    """:return: how far the planes of a volume are apart: a voxel's reach, or its shortest side if that is more."""
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    return max(np.linalg.norm(toWorld[:3, :3], axis=0).min(), abs(NORMAL @ toWorld[:3, :3]).max())


def turnView(right, up):
    """Let the red view show planes along two directions."""
    sliceNode = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    for column, direction in enumerate((right, up, np.cross(right, up))):
        for row in range(3):
            sliceNode.GetSliceToRAS().SetElement(row, column, float(direction[row]))
    sliceNode.UpdateMatrices()
