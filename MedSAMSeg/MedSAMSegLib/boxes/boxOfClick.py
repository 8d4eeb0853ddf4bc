"""One point on an object, of which the server makes a box: for models that have learned what a click means."""

from MedSAMSegLib.boxes.boxArguments import sliceNodeOf
from MedSAMSegLib.boxes.boxRun import BoxRun, Question
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt
from MedSAMSegLib.volumes.volumeState import VolumeState


def startClick(server, uploads, volume, place, view, window, model):
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
