"""What the panel remembers in the scene."""

from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper

WINDOWS = ["auto", "soft", "lung", "brain", "bone", "percentile"]


@parameterNodeWrapper
class MedSAMSegParameters:
    """The panel's settings; saved with the scene.

    volume: the volume that is segmented.
    segmentation: where results go.
    window: how intensities are shown to the network.
    segmentID: the segment that receives results.
    """

    volume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    window: Annotated[str, Choice(WINDOWS)] = "auto"
    segmentID: str = ""
