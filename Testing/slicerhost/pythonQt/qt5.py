"""What PySide6's Qt 6 has and Qt 5.15 has not, with which Slicer's packages of 5.10 and 5.12 are built.

Found by comparing the meta-objects of PyQt5 5.15 with those of PySide6 6; of methods, those of the classes that panels
are made of, but for virtual ones, which Qt asks for itself.
"""

import functools

#: Class -> members that are new in Qt 6.
MISSING = {
    "QWidget": {"accessibleIdentifier", "setAccessibleIdentifier", "setScreen"},
    "QAbstractItemView": {
        "keyboardSearchFlags",
        "setKeyboardSearchFlags",
        "setUpdateThreshold",
        "updateThreshold",
    },
    "QAbstractSpinBox": {"returnPressed"},
    "QAction": {"checkableChanged", "enabledChanged", "visibleChanged"},
    "QCheckBox": {"checkStateChanged"},
    "QComboBox": {"labelDrawingMode", "setLabelDrawingMode"},
    "QDateTimeEdit": {"timeZone", "setTimeZone"},
    "QDockWidget": {"dockLocation", "setDockLocation"},
    "QHeaderView": {"isSortIndicatorClearable", "setSortIndicatorClearable", "sortIndicatorClearable"},
    "QKeySequenceEdit": {"clearButtonEnabled", "finishingKeyCombinations", "maximumSequenceLength"},
    "QLayout": {"horizontalSizeConstraint", "verticalSizeConstraint"},
    "QMessageBox": {"options", "setOptions"},
    "QShortcut": {"keys", "setKeys"},
    "QSortFilterProxyModel": {"autoAcceptChildRows", "setAutoAcceptChildRows"},
    "QStackedWidget": {"widgetAdded"},
    "QTimer": {"id"},
    "QColor": {"fromString", "isValidColorName"},
    "QPalette": {"accent"},
}

#: Class -> names that are properties in Qt 6 and methods in Qt 5.
METHODS = {"QHeaderView": {"sectionsClickable", "sectionsMovable"}, "QLayout": {"contentsMargins"}}


@functools.cache
def lacks(cls, name):
    """:return: whether a class of PySide has a member that Qt 5 lacks."""
    return any(name in MISSING.get(base.__name__, ()) for base in cls.__mro__)
