"""A selector of nodes."""

from types import MappingProxyType

import slicer
import vtk
from PySide6 import QtCore

from slicerhost import slicerVersion
from slicerhost.mrmlWidgets.mrmlWidget import SceneObserver
from slicerhost.mrmlWidgets.nodeFilter import NodeFilter
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.pythonQt.observations import Observations

_Scene = slicer.vtkMRMLScene

NODE_SIGNALS = (
    "currentNodeChanged",
    "nodeActivated",
    "nodeAdded",
    "nodeAddedByUser",
    "nodeAddedByUserAction",
    "nodeAboutToBeRemoved",
)

# The priority with which qMRMLSceneModel observes that a node is about to be removed: after whoever has none.
AFTER_OTHERS = -10.0


def _filterProperty(valueType, name):
    def read(self):
        value = getattr(self._filter, name)
        return tuple(value) if isinstance(value, list) else value

    def write(self, value):
        setattr(self._filter, name, list(value) if valueType == "QStringList" else value)
        self._refresh()

    return QtCore.Property(valueType, read, write), write


def _option(valueType, name):
    def read(self):
        return self._options[name]

    def write(self, value):
        self._options[name] = value
        self._refresh()

    return QtCore.Property(valueType, read, write), write


@standIn
class qMRMLNodeComboBox(SceneObserver, qt.QWidget):
    """Stands in for qMRMLNodeComboBox; disabled until it has a scene."""

    cppSignatures = MappingProxyType({f"{name}(vtkMRMLNode*)": f"{name}(PyObject)" for name in NODE_SIGNALS})
    signalsSince = MappingProxyType({"nodeAddedByUserAction": "5.12"})
    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAddedByUserAction = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)

    _observedSceneEvents = (
        _Scene.EndBatchProcessEvent,
        _Scene.EndCloseEvent,
        _Scene.EndImportEvent,
    )

    def __init__(self, parent=None):
        super().__init__(parent)
        self._filter = NodeFilter()
        self._options = {
            "noneEnabled": False,
            "addEnabled": True,
            "removeEnabled": True,
            "renameEnabled": False,
            "editEnabled": False,
            "selectNodeUponCreation": True,
            "noneDisplay": "None",
            "baseName": "",
        }
        self._labels = {}
        self._menuActions = []
        self._current = None
        self._leaving = None
        self._nodeObservations = Observations(self)
        self._observed = []
        self._isFilling = False
        self._isFilled = False
        self._shown = []
        self._comboBox = qt.QComboBox(self)
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._comboBox)
        self._comboBox.connect("activated(int)", self._onActivated)
        self._comboBox.connect("currentIndexChanged(int)", self._onIndexChanged)
        self.enabled = False

    nodeTypes, setNodeTypes = _filterProperty("QStringList", "nodeTypes")
    hideChildNodeTypes, setHideChildNodeTypes = _filterProperty("QStringList", "hideChildNodeTypes")
    showHidden, setShowHidden = _filterProperty(bool, "showHidden")
    showChildNodeTypes, setShowChildNodeTypes = _filterProperty(bool, "showChildNodeTypes")
    noneEnabled, setNoneEnabled = _option(bool, "noneEnabled")
    noneDisplay, setNoneDisplay = _option(str, "noneDisplay")
    addEnabled, setAddEnabled = _option(bool, "addEnabled")
    removeEnabled, setRemoveEnabled = _option(bool, "removeEnabled")
    renameEnabled, setRenameEnabled = _option(bool, "renameEnabled")
    editEnabled, setEditEnabled = _option(bool, "editEnabled")
    selectNodeUponCreation, setSelectNodeUponCreation = _option(bool, "selectNodeUponCreation")
    baseName, setBaseName = _option(str, "baseName")

    def addAttribute(self, nodeType, attributeName, attributeValue=None):
        """Offer only nodes with an attribute (of a value, if given)."""
        self._filter.attributes.append((nodeType, attributeName, attributeValue))
        self._refresh()

    def removeAttribute(self, nodeType, attributeName):
        """Undo `addAttribute`."""
        kept = [entry for entry in self._filter.attributes if entry[:2] != (nodeType, attributeName)]
        self._filter.attributes = kept
        self._refresh()

    def setNodeTypeLabel(self, label, nodeType):
        """Set what users read for a node type."""
        self._labels[nodeType] = label
        self._refresh()

    def nodeTypeLabel(self, nodeType):
        """:return: what users read for a node type."""
        return self._labels.get(nodeType) or nodeType.removeprefix("vtkMRML").removesuffix("Node")

    def addMenuAction(self, action):
        """Add an entry below the nodes."""
        self._menuActions.append(action)
        self._refresh()

    def nodeCount(self):
        """:return: number of nodes offered."""
        return len(self._nodes())

    def nodeFromIndex(self, index):
        """:return: the node at an index, or None."""
        nodes = self._nodes()
        return nodes[index] if 0 <= index < len(nodes) else None

    def currentNode(self):
        """:return: the chosen node, or None."""
        return self._current

    def setCurrentNode(self, node):
        """Choose a node, by itself or by its ID; none if it is not among those offered."""
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node) if self._scene is not None and node else None
        if node is not None and node not in self._nodes():
            node = None
        self._makeCurrent(node)

    def setCurrentNodeIndex(self, index):
        """Choose a node by its index among those offered."""
        self._makeCurrent(self.nodeFromIndex(index))

    def _currentNodeID(self):
        return self._current.GetID() if self._current is not None else ""

    def setCurrentNodeID(self, nodeID):
        self.setCurrentNode(nodeID)

    currentNodeID = QtCore.Property(str, _currentNodeID, setCurrentNodeID)

    def addNode(self, nodeType=None):
        """:return: a new node of a type, of the first if none is given."""
        nodeType = nodeType or self._filter.nodeTypes[0]
        node = self._scene.CreateNodeByClass(nodeType)
        node.UnRegister(None)
        node.SetName(self._scene.GenerateUniqueName(self.baseName or self.nodeTypeLabel(nodeType)))
        for attributeType, name, value in self._filter.attributes:
            if node.IsA(attributeType):
                node.SetAttribute(name, str(value) if value is not None else "")
        node = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser(node)
        return node

    def removeCurrentNode(self):
        """Remove the chosen node from the scene."""
        self._scene.RemoveNode(self._current)

    def renameCurrentNode(self):
        """Ask for another name."""
        self._current.SetName(qt.QInputDialog.getText(self, "Rename", "New name:"))

    def _createNew(self, nodeType):
        self._sayAddedByUser(self.addNode(nodeType))

    def _createNewAs(self, nodeType):
        name = qt.QInputDialog.getText(self, f"Create new {self.nodeTypeLabel(nodeType)}", "New name:")
        if name:
            node = self.addNode(nodeType)
            node.SetName(name)
            self._sayAddedByUser(node)

    def _sayAddedByUser(self, node):
        self.setCurrentNode(node)
        if slicerVersion.isAtLeast("5.12"):
            self.nodeAddedByUserAction(node)
        else:
            # The second time: addNode has said so already.
            self.nodeAddedByUser(node)

    def _onSceneSet(self):
        self.enabled = self._scene is not None
        self._leaving = None
        if self._scene is None or not self._scene.IsBatchProcessing():
            self._refresh()

    def _nodes(self):
        if self._scene is None:
            return []
        types = self._filter.nodeTypes
        # Asked at every node that comes or goes: C++ looks through the scene where there is one type to look for.
        nodes = slicer.util.getNodesByClass(types[0], self._scene) if len(types) == 1 else self._scene.GetNodes()
        return [node for node in nodes if node is not self._leaving and self._filter.accepts(node)]

    def _observeScene(self):
        super()._observeScene()
        for event in (_Scene.NodeAddedEvent, _Scene.NodeRemovedEvent):
            self._sceneObservations.addWithNode(self._scene, event, self._onNode)
        self._sceneObservations.addWithNode(
            self._scene, _Scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved, AFTER_OTHERS
        )

    def _onNode(self, _caller, _event, node):
        # Most nodes are none that it could offer.
        if self._filter.hasType(node):
            self._onSceneSet()

    def _onNodeAboutToBeRemoved(self, _caller, _event, node):
        if not self._scene.IsClosing() and node in self._nodes():
            self.nodeAboutToBeRemoved(node)
            self._leaving = node
            self._refresh()

    def _refresh(self):
        previousRow = self._comboBox.findData(self.currentNodeID)
        nodes = self._nodes()
        wasFilled, self._isFilled = self._isFilled, bool(nodes)
        self._fill(nodes)
        self._observe(nodes)
        # QComboBox chooses a row by itself when rows come into an empty list, and when the chosen one goes.
        keepsNone = self._current is None and (self.noneEnabled or wasFilled)
        if self._current in nodes or keepsNone:
            self._showCurrent()
        else:
            self._makeCurrent(self._successor(nodes, previousRow))

    def _observe(self, nodes):
        if nodes == self._observed:
            return
        self._observed = nodes
        self._nodeObservations.clear()
        for node in nodes:
            self._nodeObservations.add(node, vtk.vtkCommand.ModifiedEvent, self._onNodeModified)

    def _successor(self, nodes, row):
        """:return: the node that comes into the row of one that is gone, or the last; as QComboBox goes on, unasked."""
        if not nodes:
            return None
        row -= 1 if self.noneEnabled else 0
        return nodes[min(max(row, 0), len(nodes) - 1)]

    def _fill(self, nodes):
        rows = [(self.noneDisplay, "")] if self._options["noneEnabled"] else []
        rows += [(node.GetName() or node.GetID(), node.GetID()) for node in nodes]
        actions = list(self._actions())
        # Each event of the scene asks for this, few change what is offered.
        shown = [*rows, *(text for text, _action in actions), *map(id, self._menuActions)]
        if shown == self._shown:
            return
        self._shown = shown
        self._isFilling = True
        self._comboBox.clear()
        for text, nodeID in rows:
            self._comboBox.addItem(text, nodeID)
        if actions:
            self._comboBox.insertSeparator(self._comboBox.count)
        for text, action in actions:
            self._comboBox.addItem(text, action)
        self._isFilling = False

    def _actions(self):
        options = self._options
        for nodeType in self._filter.nodeTypes if options["addEnabled"] else ():
            label = self.nodeTypeLabel(nodeType)
            yield f"Create new {label}", lambda nodeType=nodeType: self._createNew(nodeType)
            if options["renameEnabled"]:
                yield f"Create new {label} as...", lambda nodeType=nodeType: self._createNewAs(nodeType)
        label = self.nodeTypeLabel(self._filter.nodeTypes[0]) if self._filter.nodeTypes else ""
        if options["renameEnabled"] and self._current is not None:
            yield f"Rename current {label}", self.renameCurrentNode
        if options["removeEnabled"] and self._current is not None:
            yield f"Delete current {label}", self.removeCurrentNode
        for action in self._menuActions:
            yield action.text, action.trigger

    def _onNodeModified(self, node, _event):
        index = self._comboBox.findData(node.GetID())
        if index >= 0:
            self._comboBox.setItemText(index, node.GetName() or node.GetID())

    def _makeCurrent(self, node):
        isChanged = node is not self._current
        self._current = node
        self._fill(self._nodes())
        self._showCurrent()
        if isChanged:
            self.currentNodeChanged(node)
            QtCore.QObject.__getattribute__(self, "currentNodeChanged")[bool].emit(node is not None)
            self.currentNodeIDChanged(self.currentNodeID)

    def _showCurrent(self):
        self._isFilling = True
        self._comboBox.currentIndex = self._comboBox.findData(self.currentNodeID)
        self._isFilling = False

    def _onIndexChanged(self, index):
        nodeID = self._comboBox.itemData(index)
        if not self._isFilling and isinstance(nodeID, str):
            self.setCurrentNode(nodeID)

    def _onActivated(self, index):
        chosen = self._comboBox.itemData(index)
        if callable(chosen):
            self._showCurrent()
            chosen()
        else:
            self.nodeActivated(self._current)
