"""One point on an object, of which the server makes a box: for models that have learned what a click means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedSAMSegLib.boxes.boxArguments import sliceNodeOf
from MedSAMSegLib.boxes.boxRun import BoxRun, Question
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt
from MedSAMSegLib.volumes.volumeState import VolumeState

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.server.serverConnection import ServerConnection


def startClick(
    server: ServerConnection,
    uploads: VolumeUploads,
    volume: slicer.vtkMRMLScalarVolumeNode,
    place: Sequence[float],
    view: str,
    window: str,
    model: str | None,
) -> BoxRun:
    """:return: BoxRun whose result is the SlicePrompt of the box; arguments as for `MedSAMSegLogic.startClick`.

    :param server: ServerProcess, or what stands in for it.
    :param uploads: VolumeUploads.
    """

    def question():
        geometry = SliceGeometry(volume)
        state = VolumeState(geometry)
        axis = geometry.axisOf(sliceNodeOf(view))
        sliceIndex = geometry.sliceIndex(axis, place)
        _depth, x, y = fromIJK(axis, geometry.continuousIJK(place))
        upload = uploads.uploadOf(volume)

        def ask():
            return upload.ask(
                server.client, lambda client, key: client.boxAt(key, axis, sliceIndex, (x, y), window, model)
            )

        return Question(
            ask, lambda box: geometry.clip(SlicePrompt.ofNumbers(axis, sliceIndex, box)), lambda: state.isCurrent
        )

    return BoxRun(question)
