"""One point on an object, of which the server makes a box: for models that have learned what a click means."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedSAMSegLib.boxes.boxArguments import sliceNodeOf
from MedSAMSegLib.boxes.boxRun import BoxRequest, BoxRun
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.obliquePlanes import PLANES_AXIS, isInVolume, stackThrough
from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SMALLEST_ROTATION, SliceGeometry, viewAxes
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt
from MedSAMSegLib.volumes.volumeState import VolumeState

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.server.serverConnection import ServerConnection


@dataclasses.dataclass(frozen=True)
class BoxOfClick:
    """The box round an object that was clicked.

    :param volume: what it is on: the volume, or the stack of planes of a view that is turned against it.
    :param prompt: :class:`SlicePrompt` in its voxels.
    """

    volume: slicer.vtkMRMLScalarVolumeNode
    prompt: SlicePrompt


def startClick(
    server: ServerConnection,
    uploads: VolumeUploads,
    volume: slicer.vtkMRMLScalarVolumeNode,
    place: Sequence[float],
    view: str,
    window: str,
    model: str | None,
    nearestSlice: bool,
) -> BoxRun:
    """:return: BoxRun whose result is a :class:`BoxOfClick`; arguments as for `MedSAMSegLogic.startClick`.

    :param server: ServerProcess, or what stands in for it.
    :param uploads: VolumeUploads.
    """

    def request():
        geometry, axis = _placeOf(volume, place, view, nearestSlice)
        shown = geometry.volumeNode
        state = VolumeState(geometry)
        sliceIndex = geometry.sliceIndex(axis, place)
        _depth, x, y = fromIJK(axis, geometry.continuousIJK(place))
        if isStack(shown):
            _checkInVolume(geometry, sliceIndex, x, y, volume)
            upload = uploads.planesUpload(shown, sliceIndex, sliceIndex)
        else:
            upload = uploads.jointUpload(shown)
        asked = axis, sliceIndex - upload.firstSlice, (x, y), window, model

        def ask():
            return upload.ask(server.client, lambda client, keys: client.boxAt(keys.volume, *asked))

        def read(box):
            return BoxOfClick(shown, geometry.clip(SlicePrompt.ofNumbers(axis, sliceIndex, box)))

        return BoxRequest(ask, read, lambda: state.isCurrent)

    return BoxRun(request)


def _placeOf(volume, place, view, nearestSlice):
    """:return: (SliceGeometry of the volume or of the stack whose plane a view shows at a place, array axis)."""
    geometry, sliceNode = SliceGeometry(volume), sliceNodeOf(view)
    axis, angle = geometry.axisForSliceNode(sliceNode)
    if angle < SMALLEST_ROTATION or nearestSlice:
        return geometry, axis
    right, up, _normal = viewAxes(sliceNode)
    return SliceGeometry(stackThrough(geometry, right, up, place)), PLANES_AXIS


def _checkInVolume(geometry, sliceIndex, x, y, volume):
    if not isInVolume(geometry, sliceIndex, (x, y, x, y)):
        raise UserError(
            f"The click lies outside the volume '{volume.GetName()}'.",
            "Click where the view shows something of the volume.",
            "point_outside_slice",
        )
