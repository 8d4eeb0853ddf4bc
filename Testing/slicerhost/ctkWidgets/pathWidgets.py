"""Paths of files and folders."""

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import forwarded, standIn


@standIn
class ctkPathLineEdit(qt.QWidget):
    """Stands in for ctkPathLineEdit; its browse button opens a file dialog, which the host refuses."""

    Dirs, Files, Drives, NoSymLinks, Readable, Writable, Executable = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40

    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._label = ""
        self._filters = 0
        self._nameFilters = []
        self._settingKey = ""
        self._lineEdit = qt.QLineEdit()
        self._browseButton = qt.QToolButton()
        self._browseButton.setText("...")
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._lineEdit)
        layout.addWidget(self._browseButton)
        self._lineEdit.textChanged.connect(lambda text: self.currentPathChanged(text))
        self._browseButton.clicked.connect(lambda: self.browse())

    currentPath, setCurrentPath = forwarded(str, "_lineEdit", "text")

    def _stored(valueType, attribute):
        def read(self):
            return getattr(self, attribute)

        def write(self, value):
            setattr(self, attribute, value)

        return QtCore.Property(valueType, read, write), write

    label, setLabel = _stored(str, "_label")
    filters, setFilters = _stored(int, "_filters")
    nameFilters, setNameFilters = _stored("QStringList", "_nameFilters")
    settingKey, setSettingKey = _stored(str, "_settingKey")
    del _stored

    def _isBrowseButtonShown(self):
        return not self._browseButton.isHidden()

    def setShowBrowseButton(self, visible):
        self._browseButton.setVisible(visible)

    showBrowseButton = QtCore.Property(bool, _isBrowseButtonShown, setShowBrowseButton)

    def browse(self):
        """Let the user choose."""
        if self._filters == self.Dirs:
            path = qt.QFileDialog.getExistingDirectory(self, self._label, self.currentPath)
        else:
            path = qt.QFileDialog.getOpenFileName(self, self._label, self.currentPath)
        if path:
            self.currentPath = path

    def addCurrentPathToHistory(self):
        """The host keeps no history."""


@standIn
class ctkDirectoryButton(qt.QPushButton):
    """Stands in for ctkDirectoryButton."""

    directoryChanged = QtCore.Signal(str)
    directorySelected = QtCore.Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._directory = "."
        self.clicked.connect(self.browse)

    def _directoryNow(self):
        return self._directory

    def setDirectory(self, directory):
        if directory != self._directory:
            self._directory = directory
            self.text = directory
            self.directoryChanged(directory)

    directory = QtCore.Property(str, _directoryNow, setDirectory)

    def browse(self):
        """Let the user choose."""
        chosen = qt.QFileDialog.getExistingDirectory(self, "", self._directory)
        if chosen:
            self.directory = chosen
            self.directorySelected(chosen)
