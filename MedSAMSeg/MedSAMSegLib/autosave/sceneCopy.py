"""A scene of its own with the work of the open one, so that writing it changes nothing in the open one.

Slicer's own saving (vtkMRMLScene::SaveSceneToSlicerDataBundleDirectory) puts the scene's URL and file names back, but
gives nodes storage nodes that they had not, and notes all of them as saved: the user would not be asked any more.
"""

from __future__ import annotations

from collections.abc import Iterator

import slicer

from MedSAMSegLib.autosave.scans import Scan, isScan, placeholder

#: Classes of nodes that hold somebody's work; nodes that these refer to are kept as well.
WORK = ("vtkMRMLSegmentationNode", "vtkMRMLMarkupsNode", "vtkMRMLTableNode")

#: Classes of nodes that are not kept, although others may refer to them.
_LEFT_OUT = (
    "vtkMRMLStorageNode",
    "vtkMRMLAbstractViewNode",
    "vtkMRMLSliceNode",
    "vtkMRMLColorNode",
    "vtkMRMLSequenceNode",
    "vtkMRMLSequenceBrowserNode",
)

_UNITS = ("vtkMRMLUnitNode", "vtkMRMLSelectionNode")


def worksOf(scene: slicer.vtkMRMLScene, moduleName: str) -> list[slicer.vtkMRMLNode]:
    """Return the nodes to keep: segmentations, markups, tables, the module's settings, and what they refer to.

    :param scene: the open scene.
    :param moduleName: of the module whose settings are kept.
    """
    nodes = [node for className in WORK for node in _all(scene, className) if node.GetSaveWithScene()]
    if not any(node.IsA("vtkMRMLSegmentationNode") for node in nodes):
        return []
    settings = [node for node in _all(scene, "vtkMRMLScriptedModuleNode") if node.GetModuleName() == moduleName]
    kept: dict[str, slicer.vtkMRMLNode] = {}
    waiting = [*nodes, *settings]
    while waiting:
        node = waiting.pop(0)
        if node.GetID() not in kept and not any(node.IsA(className) for className in _LEFT_OUT):
            kept[node.GetID()] = node
            waiting += list(_referred(node))
    return list(kept.values())


def copyOf(nodes: list[slicer.vtkMRMLNode]) -> tuple[slicer.vtkMRMLScene, dict[str, Scan]]:
    """Copy nodes into a scene of its own, which knows no file.

    :param nodes: of :func:`worksOf`.
    :return: (the scene, in which a single voxel stands for those of each scan; {ID of such a volume node: Scan}).
    """
    scene = slicer.vtkMRMLScene()
    # A scene of its own knows only the kinds of nodes that MRML itself has; segmentations are not among them.
    slicer.mrmlScene.CopyRegisteredNodesToScene(scene)
    # Measurements of markups look for their units; they are not written.
    for node in (each for className in _UNITS for each in _all(slicer.mrmlScene, className)):
        _addCopy(scene, node).SetSaveWithScene(False)
    scans = {_addScan(scene, node): node for node in nodes if isScan(node)}
    others = [_addCopy(scene, node) for node in nodes if not isScan(node)]
    _renewReferences(others, {node.GetID(): nodeID for nodeID, node in scans.items()})
    for storable in _all(scene, "vtkMRMLStorableNode"):
        storable.AddDefaultStorageNode()
        if storable.GetStorageNode() is not None:
            # The bundle is compressed later on another thread; here, compressing would block the views.
            storable.GetStorageNode().SetUseCompression(False)
            if storable.IsA("vtkMRMLSegmentationNode"):
                # The empty voxels round the segments need not be written; the grid is.
                storable.GetStorageNode().SetCropToMinimumExtent(True)
    return scene, {nodeID: Scan.of(node) for nodeID, node in scans.items()}


def stateOf(nodes: list[slicer.vtkMRMLNode]) -> tuple:
    """Return what differs whenever nodes have changed since, voxels included; view settings do not count.

    :param nodes: of :func:`worksOf`.
    """
    return tuple((node.GetID(), _time(node)) for node in nodes if not node.IsA("vtkMRMLDisplayNode"))


def _addCopy(scene, node):
    copy = node.CreateNodeInstance()
    copy.UnRegister(None)
    copy.CopyWithScene(node)
    if copy.IsA("vtkMRMLStorableNode"):
        copy.SetAndObserveStorageNodeID(None)
    copy.SetScene(None)
    return scene.AddNode(copy)


def _addScan(scene, volume):
    """Add a copy of a volume without its voxels, whose ID is a new one.

    :return: that ID.
    """
    copy = volume.CreateNodeInstance()
    copy.UnRegister(None)
    copy.CopyContent(volume, False)
    copy.SetName(volume.GetName())
    copy.SetAndObserveImageData(placeholder(volume))
    copy.CopyReferences(volume)
    copy.SetAndObserveStorageNodeID(None)
    return scene.AddNode(copy).GetID()


def _renewReferences(nodes, newIDs):
    """Let nodes refer to others by new IDs; any of these may be an old one of another node."""
    passing = {old: f"{old}-{number}" for number, old in enumerate(newIDs)}
    for node in nodes:
        for old, between in passing.items():
            node.UpdateReferenceID(old, between)
        for old, between in passing.items():
            node.UpdateReferenceID(between, newIDs[old])


def _time(node):
    if not node.IsA("vtkMRMLSegmentationNode"):
        return node.GetMTime()
    labelmaps = [
        node.GetBinaryLabelmapInternalRepresentation(segmentID) for segmentID in node.GetSegmentation().GetSegmentIDs()
    ]
    segments = [node.GetSegmentation().GetNthSegment(index) for index in range(len(labelmaps))]
    return max(each.GetMTime() for each in [node, *segments, *labelmaps] if each is not None)


def _all(scene, className):
    # slicer.util.getNodesByClass looks into the open scene, whichever it is given.
    return [scene.GetNthNodeByClass(number, className) for number in range(scene.GetNumberOfNodesByClass(className))]


def _referred(node: slicer.vtkMRMLNode) -> Iterator[slicer.vtkMRMLNode]:
    for number in range(node.GetNumberOfNodeReferenceRoles()):
        role = node.GetNthNodeReferenceRole(number)
        for index in range(node.GetNumberOfNodeReferences(role)):
            other = node.GetNthNodeReference(role, index)
            if other is not None:
                yield other
