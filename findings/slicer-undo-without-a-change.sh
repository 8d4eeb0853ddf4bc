#!/bin/sh
# 3D Slicer's undo of segmentations goes back two steps when the last one changed nothing: a state that is saved while the
# segments are as they were at the save before is no state of its own, yet Undo restores the one before the state that
# equals the present.
# Seen with slicer-core 5.12.4.0 (vtkSegmentationHistory). Two steps are saved; the second one changes no voxel in one
# run and one voxel in the other. Prints how many voxels one Undo leaves; fails when it takes back the last step alone.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slicer-core==5.12.4.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import slicer
import vtk

# It knows how segments are stored.
logic = slicer.vtkSlicerSegmentationsModuleLogic()
logic.SetMRMLScene(slicer.vtkMRMLScene())


def cube(side):
    image = slicer.vtkOrientedImageData()
    image.SetExtent(0, 9, 0, 9, 0, 9)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(0)
    for i in range(side):
        image.SetScalarComponentFromDouble(i, 0, 0, 0, 1)
    return image


def voxels(segment):
    image = segment.GetRepresentation("Binary labelmap")
    scalars = image.GetPointData().GetScalars()
    return sum(scalars.GetValue(i) for i in range(scalars.GetNumberOfTuples()))


def left_after_one_undo(second_step_changes):
    """Save and change to 3 voxels, save again and change to 4 or not at all, undo once."""
    segmentation, segment = slicer.vtkSegmentation(), slicer.vtkSegment()
    segmentation.SetSourceRepresentationName("Binary labelmap")
    segment.SetName("object")
    segment.AddRepresentation("Binary labelmap", cube(0))
    segmentation.AddSegment(segment, "object")
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(segmentation)

    history.SaveState()
    segmentation.GetSegment("object").AddRepresentation("Binary labelmap", cube(3))
    history.SaveState()
    if second_step_changes:
        segmentation.GetSegment("object").AddRepresentation("Binary labelmap", cube(4))
    assert history.RestorePreviousState()
    return voxels(segmentation.GetSegment("object"))


changed, unchanged = left_after_one_undo(True), left_after_one_undo(False)
print("after a step of one voxel, one undo leaves:", changed, "of 3; after a step that changed nothing:", unchanged)
assert changed == 3, changed
assert unchanged == 0, unchanged
PYTHON
