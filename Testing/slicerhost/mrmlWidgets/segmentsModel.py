"""What is behind the table of segments."""

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn

VISIBILITY, COLOR, NAME = range(3)


@standIn
class qMRMLSegmentsModel(qt.QStandardItemModel):
    """Stands in for qMRMLSegmentsModel: which column is which. The items are those of the host's table."""

    visibilityColumn = QtCore.Property(int, lambda self: VISIBILITY)
    colorColumn = QtCore.Property(int, lambda self: COLOR)
    nameColumn = QtCore.Property(int, lambda self: NAME)
