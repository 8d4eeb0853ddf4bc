"""What the panel remembers in the scene."""

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class MedSAMSegParameters:
    """The panel's settings; saved with the scene.

    volume: the volume that is segmented.
    segmentation: where results go.
    segmentID: the segment that receives results.
    window: how intensities are shown to the network; one of the values of :mod:`intensityWindows`.
    model: name of the model, empty for the server's default.
    backgroundEncoding: whether slices are prepared before they are needed.
    nearestSlice: whether a box in a rotated view is for the nearest slice, not for the plane that is seen.
    direction: where propagations go: "both", "forward" or "backward".
    allSegments: whether propagations follow all segments with boxes, not only the one that receives results.
    threePlanes: whether propagations look at the object across the two other axes as well.
    limitRange: whether propagations stay between firstSlice and lastSlice.
    firstSlice: the lowest slice that a propagation may change; -1 for the volume's first.
    lastSlice: the highest slice that a propagation may change; -1 for the volume's last.
    earlierVolume: the scan that a follow-up compares with.
    earlierSegmentation: its lesions.
    """

    volume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentID: str = ""
    window: str = "auto"
    model: str = ""
    backgroundEncoding: bool = True
    nearestSlice: bool = False
    direction: str = "both"
    allSegments: bool = False
    threePlanes: bool = False
    limitRange: bool = False
    firstSlice: int = -1
    lastSlice: int = -1
    earlierVolume: vtkMRMLScalarVolumeNode
    earlierSegmentation: vtkMRMLSegmentationNode
