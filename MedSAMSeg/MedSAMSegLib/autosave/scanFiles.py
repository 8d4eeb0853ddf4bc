"""Voxels of scans in files beside the bundles: written once, from any thread, until they change."""

from __future__ import annotations

import json
import os
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.nrrdFile import writeNrrd

if TYPE_CHECKING:
    from MedSAMSegLib.autosave.scans import Scan

#: In a bundle: {path of a scan's file in it: name of the file beside the bundle}.
LIST = "scans.json"


class ScanFiles:
    """The scans of one Slicer in its folder. Used by one thread at a time.

    :param nextPath: function without arguments that returns the path of the next scan.
    """

    def __init__(self, nextPath: Callable[[], Path]) -> None:
        self._nextPath = nextPath
        self._known: dict[tuple, Path] = {}
        self._namesOf: dict[Path, set[str]] = {}

    def put(self, scans: Mapping[str, Scan], files: Path, bundle: Path) -> None:
        """Write those scans that are not there yet, and list all of them in place of what stands for their voxels.

        :param scans: by the ID of their node in a scene that was written.
        :param files: path of the folder with that scene.
        :param bundle: path of the bundle that is made of it.
        """
        paths = _filesOf(files) if scans else {}
        listed = {}
        for nodeID, scan in scans.items():
            (files / paths[nodeID]).unlink()
            listed[paths[nodeID]] = self._pathOf(scan).name
        (files / LIST).write_text(json.dumps(listed), encoding="utf-8")
        self._namesOf[bundle] = set(listed.values())

    def namesOf(self, bundles: list[Path]) -> set[str]:
        """:return: the names of the scans that bundles need."""
        return {name for bundle in bundles for name in self._namesOf.get(bundle, ())}

    def _pathOf(self, scan):
        known = self._known.get(scan.state)
        if known is not None and known.exists():
            return known
        path = self._nextPath()
        partial = path.with_suffix(".partial")
        try:
            writeNrrd(partial, scan.voxels, scan.IJKToRAS)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._known = {state: each for state, each in self._known.items() if state[0] != scan.state[0]}
        self._known[scan.state] = path
        return path


def restoreScans(unpacked: Path, folder: Path) -> None:
    """Put the scans of an unpacked bundle where its scene looks for them.

    :param unpacked: path of the folder with the scene; bundles of earlier versions list no scans.
    :param folder: path of the folder with the bundle and its scans.
    :raises UserError: when one is missing.
    """
    if not (unpacked / LIST).exists():
        return
    for path, name in json.loads((unpacked / LIST).read_text(encoding="utf-8")).items():
        # A bundle names nothing outside of its folders.
        source, target = folder / Path(name).name, unpacked / Path(path).parent.name / Path(path).name
        if not source.exists():
            raise UserError(
                f"The saved work needs the scan {source.name}, which is not beside it in {folder}.",
                "Put the scan there, or remove the saved work.",
                "autosave_unreadable",
            )
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _filesOf(files):
    """:return: {ID of a volume node: path of its file below a folder}, as the scene there says."""
    nodes: list[Any] = list(ElementTree.parse(next(files.glob("*.mrml"))).getroot().iter())
    fileOf = {node.get("id"): unquote(node.get("fileName")) for node in nodes if node.get("fileName")}
    found = {}
    for node in nodes:
        references = dict(each.split(":", 1) for each in (node.get("references") or "").split(";") if ":" in each)
        for storage in references.get("storage", "").split():
            if storage in fileOf:
                found[node.get("id")] = fileOf[storage]
    return found
