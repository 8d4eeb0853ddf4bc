"""`slicer.app.coreIOManager()`: what `slicer.util.load…` and `slicer.util.save…` call."""

from pathlib import Path

import vtk

from slicerhost import fileReaders
from slicerhost.standIn import StandIn

NODE_READERS = {
    "VolumeFile": fileReaders.readVolume,
    "SegmentationFile": fileReaders.readSegmentation,
    "SequenceFile": fileReaders.readSequence,
    "MarkupsFile": fileReaders.readMarkups,
    "TransformFile": fileReaders.readTransform,
}

# The longest extension wins: ".seg.nrrd" is not a volume.
FILE_TYPES = {
    ".seg.nrrd": "SegmentationFile",
    ".seq.nrrd": "SequenceFile",
    ".mrk.json": "MarkupsFile",
    ".nii.gz": "VolumeFile",
    ".nrrd": "VolumeFile",
    ".nii": "VolumeFile",
    ".mha": "VolumeFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".mrml": "SceneFile",
    ".mrb": "SceneFile",
}


class CoreIOManager(StandIn):
    """Loads and saves nodes and scenes of the types that the module works with."""

    standsFor = "qSlicerCoreIOManager"

    def __init__(self, scene):
        self._scene = scene

    def fileType(self, fileName):
        """:return: the file type that Slicer would take for a file, "NoFile" if none."""
        name = str(fileName).lower()
        return next((fileType for ending, fileType in FILE_TYPES.items() if name.endswith(ending)), "NoFile")

    def fileWriterFileType(self, node):
        """:return: the file type that `saveNodes` takes for a node."""
        return "NodeFile"

    def loadNodes(self, fileType, properties, loadedNodes, messages):
        """Load a file into the scene.

        :param fileType: such as "VolumeFile".
        :param properties: with `fileName` and the options of that type.
        :param loadedNodes: vtkCollection that receives the nodes.
        :param messages: vtkMRMLMessageCollection that receives complaints.
        :return: whether it was loaded.
        """
        path = Path(properties["fileName"])
        if not path.exists():
            messages.AddMessage(vtk.vtkCommand.ErrorEvent, f"There is no file {path}")
            return False
        if fileType == "SceneFile":
            return fileReaders.readScene(self._scene, path, properties, messages)
        if fileType not in NODE_READERS:
            raise NotImplementedError(f"The host cannot load {fileType} ({path}): it knows {sorted(NODE_READERS)}")
        nodes = NODE_READERS[fileType](self._scene, path, properties, messages)
        for node in nodes:
            loadedNodes.AddItem(node)
        return bool(nodes)

    def saveNodes(self, fileType, properties, messages):
        """Save a node (`nodeID` given) or the scene.

        :param fileType: "NodeFile" or "SceneFile".
        :param properties: with `fileName`, and `nodeID` for a node.
        :param messages: vtkMRMLMessageCollection that receives complaints.
        :return: whether it was saved.
        """
        path = Path(properties["fileName"])
        if fileType == "SceneFile":
            return self._saveScene(path, messages)
        return self._saveNode(self._scene.GetNodeByID(properties["nodeID"]), path, messages)

    def _saveNode(self, node, path, messages):
        node.AddDefaultStorageNode(str(path))
        storageNode = node.GetStorageNode()
        storageNode.SetFileName(str(path))
        isSaved = bool(storageNode.WriteData(node))
        messages.AddMessages(storageNode.GetUserMessages())
        return isSaved

    def _saveScene(self, path, messages):
        self._scene.SetURL(str(path))
        self._scene.SetRootDirectory(str(path.parent))
        if path.suffix == ".mrb":
            return self._scene.WriteToMRB(str(path), None, messages)
        if path.suffix == ".mrml":
            return bool(self._scene.Commit(str(path), messages))
        return self._scene.SaveSceneToSlicerDataBundleDirectory(str(path), None, messages)
