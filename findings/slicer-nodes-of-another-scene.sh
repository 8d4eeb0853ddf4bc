#!/bin/sh
# slicer.util.getNodesByClass(className, scene) says that it returns the nodes of the scene it is given, and looks into
# slicer.mrmlScene whichever that is: the parameter is used for a default and then no more. Code that walks over the nodes
# of a scene of its own, say to write it, changes the user's scene instead. vtkMRMLScene.GetNthNodeByClass does as it says.
# Seen with slicer-core 5.12.4.0 (Slicer's util.py). Prints what is returned for an empty scene; fails when that is nothing.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slicer-core==5.12.4.0
"$folder/venv/bin/python" - <<'PYTHON'
import slicer

slicer.mrmlScene = slicer.vtkMRMLScene()
slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
other = slicer.vtkMRMLScene()
found = slicer.util.getNodesByClass("vtkMRMLLinearTransformNode", other)
print("nodes in the other scene:", other.GetNumberOfNodesByClass("vtkMRMLLinearTransformNode"))
print("returned for it:", [node.GetScene() is slicer.mrmlScene for node in found])
assert other.GetNumberOfNodesByClass("vtkMRMLLinearTransformNode") == 0
assert len(found) == 1 and found[0].GetScene() is slicer.mrmlScene
PYTHON
