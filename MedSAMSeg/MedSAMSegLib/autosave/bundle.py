"""Scenes as bundles (.mrb) in one folder: nothing of them is ever written elsewhere."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.autosave.scanFiles import ScanFiles, restoreScans
from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    from MedSAMSegLib.autosave.scans import Scan

#: The fastest of zlib's levels.
_COMPRESSION = 1


def writeFiles(scene: slicer.vtkMRMLScene, folder: Path) -> Path:
    """Write a scene of its own and its data as files, on the main thread.

    :param scene: of :func:`copyOf`.
    :param folder: path of the folder in which a new one is made for them.
    :return: path of that folder; :func:`pack` makes a bundle of it.
    :raises UserError: when they cannot be written.
    """
    try:
        files = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder)) / "scene"
        files.mkdir()
    except OSError as error:
        raise _notWritten(folder, error.strerror) from error
    scene.SetURL(str(files / "scene.mrml"))
    scene.SetRootDirectory(str(files))
    messages = slicer.vtkMRMLMessageCollection()
    if not scene.SaveSceneToSlicerDataBundleDirectory(str(files), None, messages):
        shutil.rmtree(files.parent, ignore_errors=True)
        raise _notWritten(folder, messages.GetAllMessagesAsString() or "Slicer says no more")
    return files


def pack(files: Path, path: Path, scans: Mapping[str, Scan], scanFiles: ScanFiles) -> Path:
    """Write scans that are new, make a bundle of a scene's other files, and remove these; on any thread.

    :param files: path of the folder of :func:`writeFiles`.
    :param path: path of the bundle, which is there whole or not at all.
    :param scans: of :func:`copyOf`.
    :param scanFiles: :class:`ScanFiles` of the bundle's folder.
    :return: the path.
    :raises UserError: when it cannot be written.
    """
    partial = files.parent / "bundle"
    try:
        scanFiles.put(scans, files, path)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as bundle:
            for file in sorted(each for each in files.rglob("*") if each.is_file()):
                bundle.write(file, Path(path.stem) / file.relative_to(files))
        partial.replace(path)
    except OSError as error:
        raise _notWritten(path.parent, error.strerror) from error
    finally:
        shutil.rmtree(files.parent, ignore_errors=True)
    return path


def openBundle(path: Path) -> None:
    """Open a bundle in place of the present scene; it counts as a scene that was never saved.

    It is unpacked in its own folder; Slicer would do that among temporary files.

    :param path: path of the bundle.
    :raises UserError: when it cannot be read.
    """
    unpacked = Path(tempfile.mkdtemp(prefix=".reading-", dir=path.parent))
    try:
        with zipfile.ZipFile(path) as bundle:
            bundle.extractall(unpacked)
        (scene,) = unpacked.glob("*/*.mrml")
        restoreScans(scene.parent, path.parent)
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(scene))
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise UserError(
            f"The saved work {path} cannot be opened.",
            "Open it in Slicer to see what is wrong with it.",
            "autosave_unreadable",
        ) from error
    finally:
        _forgetFiles(unpacked)
        shutil.rmtree(unpacked, ignore_errors=True)


def _forgetFiles(folder):
    """Let the scene know none of the files below a folder, and count what came from them as not saved."""
    for storage in slicer.util.getNodesByClass("vtkMRMLStorageNode"):
        if str(storage.GetFileName() or "").startswith(str(folder)):
            storage.ResetFileNameList()
            storage.SetFileName("")
    if slicer.mrmlScene.GetURL().startswith(str(folder)):
        slicer.mrmlScene.SetURL("")
        slicer.mrmlScene.SetRootDirectory("")
        slicer.mrmlScene.SetStorableNodesModifiedSinceRead()


def _notWritten(folder, reason):
    return UserError(
        f"The work cannot be saved by itself in {folder}: {reason}.",
        "Choose another folder under Advanced, or make room there.",
        "autosave_failed",
    )
