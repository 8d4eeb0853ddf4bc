#!/bin/sh
# pynrrd drops every letter beyond ASCII from what a NRRD file says, without a word. 3D Slicer writes names of segments in UTF-8 into .seg.nrrd:
# "Läsion" comes as "Lsion", and two segments with Chinese names both come with the same empty name. SimpleITK reads them right.
# What it read it cannot be asked to repair: writing a header with such a name raises UnicodeEncodeError.
# Seen with pynrrd 1.1.3, slicer-core 5.12.4.0 (Slicer's own MRML libraries, on Linux) and SimpleITK 2.5.7. Prints the names; fails when pynrrd
# reads them whole.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pynrrd==1.1.3 slicer-core==5.12.4.0 SimpleITK==2.5.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import nrrd
import SimpleITK as sitk
import slicer
import vtk

NAMES = ["Läsion", "肿瘤", "肝脏"]

scene = slicer.vtkMRMLScene()
# It knows how segments are stored.
logic = slicer.vtkSlicerSegmentationsModuleLogic()
logic.SetMRMLScene(scene)
node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
node.GetSegmentation().SetSourceRepresentationName("Binary labelmap")
for name in NAMES:
    image = slicer.vtkOrientedImageData()
    image.SetExtent(0, 3, 0, 3, 0, 3)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(1)
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.AddRepresentation("Binary labelmap", image)
    node.GetSegmentation().AddSegment(segment)
storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
storage.SetFileName("organs.seg.nrrd")
assert storage.WriteData(node)

keys = [f"Segment{number}_Name" for number in range(len(NAMES))]
voxels, header = nrrd.read("organs.seg.nrrd")
by_itk = sitk.ReadImage("organs.seg.nrrd")
print("written by Slicer:", NAMES)
print("read by SimpleITK:", [by_itk.GetMetaData(key) for key in keys])
print("read by pynrrd:   ", [header[key] for key in keys])
assert [by_itk.GetMetaData(key) for key in keys] == NAMES
assert [header[key] for key in keys] == ["Lsion", "", ""]
try:
    nrrd.write("again.seg.nrrd", voxels, {"Segment0_Name": NAMES[0]})
except UnicodeEncodeError as error:
    print("written by pynrrd:", error)
else:
    raise AssertionError("pynrrd wrote it")
PYTHON
