"""Scenes on disk, read beside the one that is open, which stays as it is."""

from __future__ import annotations

from pathlib import Path

import slicer

from MedSAMSegLib.errors import UserError

#: A scene with its data in one file, and one with its data beside it.
SUFFIXES = (".mrb", ".mrml")


def findScenes(folder: Path) -> list[Path]:
    """Return the paths of all scenes below a folder, the newest first.

    :param folder: path of a folder.
    :raises UserError: when there is none.
    """
    paths = [path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not paths:
        raise UserError(
            f"The folder {folder} has no scene ({' or '.join(SUFFIXES)}).",
            "Choose a folder with scenes that were saved with their segmentations.",
            "scenes_missing",
        )
    return sorted(paths, key=lambda path: (-path.stat().st_mtime, path))


def readScene(path: Path) -> slicer.vtkMRMLScene:
    """Read a scene, on the main thread, for as long as the returned object is kept.

    :param path: of the file.
    :return: vtkMRMLScene.
    :raises UserError: when it cannot be read.
    """
    scene = slicer.vtkMRMLScene()
    # A scene of its own knows only the kinds of nodes that MRML itself has; segmentations are not among them.
    slicer.mrmlScene.CopyRegisteredNodesToScene(scene)
    # It says where bundles are unpacked.
    scene.SetDataIOManager(slicer.mrmlScene.GetDataIOManager())
    if Path(path).suffix.lower() == ".mrb":
        isRead = scene.ReadFromMRB(str(path))
    else:
        scene.SetURL(str(path))
        isRead = scene.Connect()
    if not isRead:
        raise UserError(
            f"The scene {path} cannot be read.", "Open it in Slicer to see what is wrong with it.", "scene_unreadable"
        )
    return scene
