#!/bin/sh
# Switching "save changes" off for a sequence of segmentations (a check box in Slicer's Sequences module) empties the frame that is
# shown: its segments are gone from the scene and from the sequence. While it is on, the scene's segmentation and the frame share one object; switched off, Slicer copies
# the frame onto itself, which clears it first. Volumes keep their voxels.
# Seen with slicer-core 5.12.4.0 (Slicer's own MRML libraries, on Linux). Fails when the segments are kept.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slicer-core==5.12.4.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import slicer
import vtk


def sequence_of(scene, node, frames):
    """A sequence of copies of a node, whose frame 0 the node shows and keeps what is changed: (browser, sequence)."""
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    for number in range(frames):
        sequence.SetDataNodeAtValue(node, str(number))
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.AddProxyNode(node, sequence, False)
    browser.SetSaveChanges(sequence, True)
    browser.SetSelectedItemNumber(1)
    browser.SetSelectedItemNumber(0)
    return browser, sequence


scene = slicer.vtkMRMLScene()
logic = slicer.vtkSlicerSequencesLogic()
logic.SetMRMLScene(scene)

# Registers what segments can be stored as.
segmentations = slicer.vtkSlicerSegmentationsModuleLogic()
segmentations.SetMRMLScene(scene)
segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
segmentation.GetSegmentation().AddEmptySegment("tumor", "Tumor")
browser, sequence = sequence_of(scene, segmentation, 3)


def segments():
    frames = [sequence.GetNthDataNode(number) for number in range(3)]
    return [node.GetSegmentation().GetNumberOfSegments() for node in (segmentation, *frames)]


before = segments()
browser.SetSaveChanges(sequence, False)
after = segments()
print("segments in the scene and on each frame: before", before, "- after", after)

volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
image = vtk.vtkImageData()
image.SetDimensions(4, 4, 4)
image.AllocateScalars(vtk.VTK_SHORT, 1)
image.GetPointData().GetScalars().Fill(7)
volume.SetAndObserveImageData(image)
browser, sequence = sequence_of(scene, volume, 3)
browser.SetSaveChanges(sequence, False)
print("voxels of a volume's sequence after the same:", volume.GetImageData().GetScalarRange())
assert before == [1, 1, 1, 1], before
assert after == [0, 0, 1, 1], after
assert volume.GetImageData().GetScalarRange() == (7.0, 7.0)
PYTHON
