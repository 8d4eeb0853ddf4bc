"""The button that places markups."""

import slicer
import vtk
from PySide6 import QtCore

from slicerhost.mrmlWidgets.mrmlWidget import qSlicerWidget
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.pythonQt.observations import Observations

_Interaction = slicer.vtkMRMLInteractionNode


@standIn
class qSlicerMarkupsPlaceWidget(qSlicerWidget):
    """Stands in for qSlicerMarkupsPlaceWidget: its place button only."""

    ShowPlaceMultipleMarkupsOption = 0
    HidePlaceMultipleMarkupsOption = 1
    ForcePlaceSingleMarkup = 2
    ForcePlaceMultipleMarkups = 3

    activeMarkupsPlaceModeChanged = QtCore.Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._node = None
        self._modeObservations = Observations(self)
        self._multiplicity = self.ShowPlaceMultipleMarkupsOption
        self._wasEnabled = False
        self._areButtonsVisible = True
        self._placeButton = qt.QToolButton(self)
        self._placeButton.text = "Place"
        self._placeButton.checkable = True
        self._placeButton.enabled = False
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._placeButton)
        self._placeButton.connect("toggled(bool)", self.setPlaceModeEnabled)

    def _onSceneSet(self):
        super()._onSceneSet()
        self._modeObservations.clear()
        if self._scene is not None:
            for node in (self.interactionNode(), self.selectionNode()):
                self._modeObservations.add(node, vtk.vtkCommand.ModifiedEvent, self._onModeChanged)

    def interactionNode(self):
        """:return: the node that holds the mouse mode."""
        return slicer.app.applicationLogic().GetInteractionNode()

    def selectionNode(self):
        """:return: the node that holds which markups are placed."""
        return slicer.app.applicationLogic().GetSelectionNode()

    def currentNode(self):
        """:return: the markups node, or None."""
        return self._node

    def setCurrentNode(self, node):
        """Choose the markups node."""
        self._node = node
        self._placeButton.enabled = node is not None
        self._onModeChanged()

    def placeButton(self):
        """:return: the button."""
        return self._placeButton

    def _isCurrentNodeActive(self):
        return self._node is not None and self.selectionNode().GetActivePlaceNodeID() == self._node.GetID()

    def setCurrentNodeActive(self, active):
        if active and self._node is not None:
            slicer.modules.markups.logic().SetActiveList(self._node)
        elif self.currentNodeActive:
            slicer.modules.markups.logic().SetActiveList(None)

    currentNodeActive = QtCore.Property(bool, _isCurrentNodeActive, setCurrentNodeActive)

    def _isPlacing(self):
        isPlaceMode = self.interactionNode().GetCurrentInteractionMode() == _Interaction.Place
        return isPlaceMode and self._isCurrentNodeActive()

    def setPlaceModeEnabled(self, enabled):
        if enabled == self.placeModeEnabled:
            return
        if not enabled:
            self.interactionNode().SwitchToViewTransformMode()
        elif self._node is not None:
            self.setCurrentNodeActive(True)
            if self._multiplicity in (self.ForcePlaceSingleMarkup, self.ForcePlaceMultipleMarkups):
                self.setPlaceModePersistency(self._multiplicity == self.ForcePlaceMultipleMarkups)
            self.interactionNode().SetCurrentInteractionMode(_Interaction.Place)

    placeModeEnabled = QtCore.Property(bool, _isPlacing, setPlaceModeEnabled)

    def _placeModePersistency(self):
        return bool(self.interactionNode().GetPlaceModePersistence())

    def setPlaceModePersistency(self, persistent):
        self.interactionNode().SetPlaceModePersistence(int(persistent))

    placeModePersistency = QtCore.Property(bool, _placeModePersistency, setPlaceModePersistency)

    def _placeMultipleMarkups(self):
        return self._multiplicity

    def setPlaceMultipleMarkups(self, multiplicity):
        self._multiplicity = multiplicity

    placeMultipleMarkups = QtCore.Property(int, _placeMultipleMarkups, setPlaceMultipleMarkups)

    def _buttonsVisible(self):
        return self._areButtonsVisible

    def setButtonsVisible(self, visible):
        self._areButtonsVisible = visible
        self._placeButton.visible = visible

    buttonsVisible = QtCore.Property(bool, _buttonsVisible, setButtonsVisible)

    def _onModeChanged(self, _caller=None, _event=None):
        isEnabled = self.placeModeEnabled
        self._placeButton.checked = isEnabled
        if isEnabled != self._wasEnabled:
            self._wasEnabled = isEnabled
            self.activeMarkupsPlaceModeChanged(isEnabled)
