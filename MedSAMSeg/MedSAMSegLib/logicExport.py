"""The part of the scripting API that writes segments as DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from MedSAMSegLib.exporting.dicomExport import ImageSource, checkKinds, startDicomExport
from MedSAMSegLib.exporting.dicomSource import dicomFiles, volumesOfSeries
from MedSAMSegLib.exporting.segmentsFile import exportedSegments
from MedSAMSegLib.server.pythonPrograms import externalEnvironment
from MedSAMSegLib.server.serverProcess import findServerCommand
from MedSAMSegLib.server.serverProgram import ServerProgram

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxStore import BoxPromptStore
    from MedSAMSegLib.exporting.dicomExport import ExportedFiles
    from MedSAMSegLib.runs.backgroundRun import BackgroundRun


class DicomExporting:
    """DICOM files of segments, made by the server's program on this computer.

    :param store: BoxPromptStore.
    """

    def __init__(self, store: BoxPromptStore) -> None:
        self._store = store

    def dicomSources(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """Return the volumes whose images :meth:`exportDicom` could refer to: those of one DICOM series in the scene.

        First come those on which most boxes of the segmentation are: there the segments were drawn.

        :param segmentation: the segmentation node.
        :param volume: one of the volume nodes.
        """
        volumes = volumesOfSeries(volume)
        return sorted(volumes, key=lambda each: -len(self._store.nodes(segmentation, None, each, withStacks=True)))

    def exportDicom(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        folder: Path | str,
        kinds: Sequence[str] = ("seg", "sr"),
        progress: Callable[..., None] | None = None,
    ) -> ExportedFiles | None:
        """Write the segments with voxels as DICOM files into a folder, and wait for that.

        They go into the study of the volume's images, and refer to every one of these. What the segments are is taken
        from their terminology in Slicer, what found them from the model that MedSAMSeg noted.

        :param segmentation: the segmentation node.
        :param volume: a volume node that was loaded from Slicer's DICOM database; see :meth:`dicomSources`.
        :param folder: path of a folder; files that are there stay.
        :param kinds: "seg" (binary segmentation), "labelmap" (segmentation as a label map), "rtstruct" (contours),
            "sr" (report of the measurements, which refers to the segmentation where one is written).
        :param progress: called with :class:`ExportProgress`.
        :return: :class:`ExportedFiles`.
        :raises UserError: when the volume does not come from DICOM, its files are gone, nothing has voxels, or the
            server's program fails.
        """
        return self.startDicomExport(segmentation, volume, folder, kinds, progress).finish()

    def startDicomExport(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        folder: Path | str,
        kinds: Sequence[str] = ("seg", "sr"),
        progress: Callable[..., None] | None = None,
    ) -> BackgroundRun:
        """Start what :meth:`exportDicom` does and return at once, with a run that has to be advanced to its end.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param folder: path of a folder.
        :param kinds: as for :meth:`exportDicom`.
        :param progress: as for :meth:`exportDicom`.
        :return: a run; its result is :class:`ExportedFiles`, None when it was closed before its end.
        :raises UserError: as :meth:`exportDicom`, but for what the server's program says.
        """
        chosen = checkKinds(kinds)
        files = dicomFiles(volume)
        program = ServerProgram(findServerCommand(), externalEnvironment())
        segments = exportedSegments(segmentation, volume)
        source = ImageSource(volume.GetName(), len(files))
        return startDicomExport(program, segments, files, Path(folder), chosen, progress, source)
