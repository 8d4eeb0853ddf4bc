#!/bin/sh
# A Slicer scene that was saved without complaint cannot be loaded again when a file beside it has "&" in its name, as Slicer proposes
# for a node called "GTV & nodes": MRML escapes node names in the scene file, but not the attribute fileName. The file is then no XML.
# Seen with slicer-core 5.12.4.0 (Slicer's own MRML libraries, on Linux). Fails when such a scene is loaded again.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slicer-core==5.12.4.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import slicer
import vtk


def saved_and_loaded(file_name):
    """How many models a scene has after saving it with its model in this file, and loading it again."""
    ball = vtk.vtkSphereSource()
    ball.Update()
    scene, model, storage = slicer.vtkMRMLScene(), slicer.vtkMRMLModelNode(), slicer.vtkMRMLModelStorageNode()
    model.SetName("GTV & nodes")
    model.SetAndObservePolyData(ball.GetOutput())
    scene.AddNode(model)
    storage.SetFileName(str(Path(file_name).absolute()))
    scene.AddNode(storage)
    model.SetAndObserveStorageNodeID(storage.GetID())
    url = str(Path("scene.mrml").absolute())
    assert storage.WriteData(model) and scene.Commit(url)
    again = slicer.vtkMRMLScene()
    again.SetURL(url)
    again.Import()
    return again.GetNumberOfNodesByClass("vtkMRMLModelNode")


plain, ampersand = saved_and_loaded("GTV and nodes.vtk"), saved_and_loaded("GTV & nodes.vtk")
print("models loaded again: plain file name", plain, "- with an ampersand", ampersand)
assert (plain, ampersand) == (1, 0), (plain, ampersand)
PYTHON
