#!/bin/sh
# 3D Slicer logs an error for every scene that was saved while a slice view lay obliquely, as it does along any oblique
# scan: "GetSliceOrientationPreset: invalid orientation preset name: Reformat". "Reformat" is the name that Slicer itself
# gives to such a view and writes into the file; the view comes back right all the same.
# Seen with slicer-core 5.12.4.0. Prints what is said and where the view lies; fails when nothing is said, or the view
# comes back otherwise.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slicer-core==5.12.4.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import slicer
import vtk


def view_in_a_scene():
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    node = slicer.vtkMRMLSliceNode()
    node.SetSingletonTag("Red")
    node.SetLayoutName("Red")
    return scene, scene.AddNode(node)


said = []
window = vtk.vtkOutputWindow()
window.SetDisplayModeToNever()


def collect(_window, _event, text):
    said.append(text.strip().splitlines()[-1])


collect.CallDataType = vtk.VTK_STRING
window.AddObserver("ErrorEvent", collect)
vtk.vtkOutputWindow.SetInstance(window)

scene, view = view_in_a_scene()
turn = vtk.vtkTransform()
turn.RotateX(17)
view.GetSliceToRAS().DeepCopy(turn.GetMatrix())
view.UpdateMatrices()
assert view.GetOrientation() == "Reformat"
assert not said, said
scene.SetURL("scene.mrml")
assert scene.Commit()

other, _ = view_in_a_scene()
other.SetURL("scene.mrml")
assert other.Connect()
back = other.GetFirstNodeByClass("vtkMRMLSliceNode")
print("said on loading:", *said, sep="\n  ")
print("cosine of the view's turn:", turn.GetMatrix().GetElement(1, 1), "loaded:", back.GetSliceToRAS().GetElement(1, 1))
assert any("invalid orientation preset name: Reformat" in text for text in said), said
assert abs(back.GetSliceToRAS().GetElement(1, 1) - turn.GetMatrix().GetElement(1, 1)) < 1e-5
PYTHON
