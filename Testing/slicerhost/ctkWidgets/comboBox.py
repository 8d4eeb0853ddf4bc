"""A combo box that can show a text while nothing is chosen."""

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn


@standIn
class ctkComboBox(qt.QComboBox):
    """Stands in for ctkComboBox."""

    def _defaultText(self):
        return self.placeholderText

    def setDefaultText(self, text):
        self.placeholderText = text

    defaultText = QtCore.Property(str, _defaultText, setDefaultText)

    def _currentUserDataAsString(self):
        return str(self.itemData(self.currentIndex) or "")

    def setCurrentUserDataAsString(self, text):
        index = self.findData(text)
        if index >= 0:
            self.currentIndex = index

    currentUserDataAsString = QtCore.Property(str, _currentUserDataAsString, setCurrentUserDataAsString)
