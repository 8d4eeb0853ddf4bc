"""Slicer's window for terminology (qSlicerTerminologySelectorDialog): C++ opens it, Python cannot."""

from slicerhost.pythonQt.popUps import refusal


class TerminologyWindow:
    """Waits for the user; a test that means it puts its answer in the place of `choose`."""

    #: Called with a vtkSegment; returns the terminology entry that is chosen, as a text, None where it is canceled.
    choose = staticmethod(refusal("qSlicerTerminologySelectorDialog.exec"))
