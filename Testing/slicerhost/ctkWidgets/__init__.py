"""`ctk`: stand-ins for the widgets of CTK that module panels use, with CTK's properties, signals and slots.

The headers of commontk/CTK (Libs/Widgets) say which those are.
"""

import types

from slicerhost.ctkWidgets.collapsibleButton import ctkCollapsibleButton
from slicerhost.ctkWidgets.collapsibleGroupBox import ctkCollapsibleGroupBox
from slicerhost.ctkWidgets.comboBox import ctkComboBox
from slicerhost.ctkWidgets.pathWidgets import ctkDirectoryButton, ctkPathLineEdit
from slicerhost.ctkWidgets.rangeWidget import ctkRangeWidget
from slicerhost.ctkWidgets.sliderWidget import ctkSliderWidget

WIDGETS = (
    ctkCollapsibleButton,
    ctkCollapsibleGroupBox,
    ctkComboBox,
    ctkDirectoryButton,
    ctkPathLineEdit,
    ctkRangeWidget,
    ctkSliderWidget,
)


class CtkModule(types.ModuleType):
    """`ctk`."""

    def __getattr__(self, name):
        raise AttributeError(f"The host has no ctk.{name}. If Slicer has it, write a stand-in for it in ctkWidgets")


ctk = CtkModule("ctk", "CTK, as PythonQt shows it.")
for _widget in WIDGETS:
    setattr(ctk, _widget.__name__, _widget)
