"""One reader per file type of `slicer.util.load…`, doing what Slicer's readers of that type do."""

from pathlib import Path

import slicer

# vtkSlicerVolumesLogic::AddArchetypeVolume codes its options as bits.
VOLUME_OPTION_BITS = {"labelmap": 1, "center": 2, "singleFile": 4, "autoWindowLevel": 8, "discardOrientation": 16}


def readVolume(scene, path, properties, messages):
    """Load a volume and show it in the slice views, unless `show` is off.

    :return: the loaded nodes.
    """
    options = sum(bit for option, bit in VOLUME_OPTION_BITS.items() if properties.get(option))
    name = properties.get("name") or _nameFromFile(path)
    volumesLogic = slicer.modules.volumes.logic()
    volumeNode = volumesLogic.AddArchetypeVolume(str(path), name, options, None, messages)
    if volumeNode is None:
        return []
    if properties.get("show", True):
        applicationLogic = slicer.app.applicationLogic()
        selectionNode = applicationLogic.GetSelectionNode()
        if properties.get("labelmap"):
            selectionNode.SetActiveLabelVolumeID(volumeNode.GetID())
        else:
            selectionNode.SetActiveVolumeID(volumeNode.GetID())
        applicationLogic.PropagateVolumeSelection()
    return [volumeNode]


def readSegmentation(scene, path, properties, messages):
    """Load a segmentation.

    :return: the loaded nodes.
    """
    return _readWithStorageNode(scene, path, properties, messages, "Segmentation")


def readTransform(scene, path, properties, messages):
    """Load a transform.

    :return: the loaded nodes.
    """
    return _readWithStorageNode(scene, path, properties, messages, "Transform")


def readMarkups(scene, path, properties, messages):
    """Load markups; a file may hold several.

    :return: the loaded nodes.
    """
    name = properties.get("name") or _nameFromFile(path)
    nodeIDs = slicer.modules.markups.logic().LoadMarkups(str(path), name, messages) or ""
    return [scene.GetNodeByID(nodeID) for nodeID in nodeIDs.split(",") if nodeID]


def readSequence(scene, path, properties, messages):
    """Load a sequence with a browser, and show its first frame, as qSlicerSequencesReader does.

    :return: the loaded nodes.
    """
    logic = slicer.modules.sequences.logic()
    sequenceNode = logic.AddSequence(str(path), messages)
    if sequenceNode is None:
        return []
    name = properties.get("name") or _nameFromFile(path)
    sequenceNode.SetName(scene.GenerateUniqueName(name))
    browserNode = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", scene.GenerateUniqueName(f"{name} browser"))
    browserNode.SetAndObserveMasterSequenceNodeID(sequenceNode.GetID())
    logic.UpdateProxyNodesFromSequences(browserNode)
    proxyNode = browserNode.GetProxyNode(sequenceNode)
    if properties.get("show", True) and proxyNode.IsA("vtkMRMLVolumeNode"):
        applicationLogic = slicer.app.applicationLogic()
        applicationLogic.GetSelectionNode().SetActiveVolumeID(proxyNode.GetID())
        applicationLogic.PropagateVolumeSelection()
    return [sequenceNode]


def readScene(scene, path, properties, messages):
    """Load a scene or a bundle, into the scene as it is unless `clear` is set.

    :return: whether it was loaded.
    """
    clear = bool(properties.get("clear", False))
    scene.SetURL(str(path))
    if path.suffix.lower() == ".mrb":
        return scene.ReadFromMRB(str(path), clear, messages)
    return bool(scene.Connect(messages) if clear else scene.Import(messages))


def _readWithStorageNode(scene, path, properties, messages, kind):
    nodeName = scene.GenerateUniqueName(properties.get("name") or _nameFromFile(path))
    node = scene.AddNewNodeByClass(f"vtkMRML{kind}Node", nodeName)
    node.CreateDefaultDisplayNodes()
    storageNode = scene.AddNewNodeByClass(f"vtkMRML{kind}StorageNode")
    storageNode.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storageNode.GetID())
    if storageNode.ReadData(node):
        return [node]
    messages.AddMessages(storageNode.GetUserMessages())
    scene.RemoveNode(node)
    if storageNode.GetScene():
        scene.RemoveNode(storageNode)
    return []


def _nameFromFile(path):
    return Path(path).name.split(".")[0]
