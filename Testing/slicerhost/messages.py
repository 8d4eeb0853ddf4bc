"""What VTK and its observers complain about while a test runs."""

import sys
import traceback

import vtk


class Messages:
    """Collects VTK errors and warnings, and exceptions raised inside VTK observers.

    VTK prints both and carries on: a test would stay green over a broken callback.
    """

    def __init__(self):
        self.errors = []
        self.warnings = []
        self._isInterrupted = False
        self._window = vtk.vtkOutputWindow()
        self._window.SetDisplayModeToNever()
        self._observe("ErrorEvent", self.errors)
        self._observe("WarningEvent", self.warnings)
        vtk.vtkOutputWindow.SetInstance(self._window)
        self._collectExceptionsOfObservers()

    def clear(self):
        """Forget what was collected so far."""
        self.errors.clear()
        self.warnings.clear()
        self._isInterrupted = False

    def takeErrors(self):
        """Hand over the errors and forget them, for a test that expects them."""
        taken = list(self.errors)
        self.errors.clear()
        return taken

    def raiseInterruption(self):
        """Raise KeyboardInterrupt if Ctrl+C was dropped in an observer or slot.

        :raises KeyboardInterrupt: then.
        """
        if self._isInterrupted:
            self._isInterrupted = False
            raise KeyboardInterrupt

    def _observe(self, event, texts):
        def collect(_caller, _event, text):
            texts.append(text.strip())

        collect.CallDataType = vtk.VTK_STRING
        self._window.AddObserver(event, collect)

    def _collectExceptionsOfObservers(self):
        # VTK hands an exception raised in a Python observer to sys.excepthook and drops it.
        previousHook = sys.excepthook

        def collect(exceptionType, exception, trace):
            self._isInterrupted |= exceptionType is KeyboardInterrupt
            self.errors.append("".join(traceback.format_exception(exceptionType, exception, trace)))
            previousHook(exceptionType, exception, trace)

        sys.excepthook = collect
