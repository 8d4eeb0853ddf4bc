"""Counts what the module's own functions call of each other while something happens."""

import collections
import sys
from pathlib import Path

import MedSAMSegLib

LIBRARY = str(Path(MedSAMSegLib.__file__).parent) + "/"


class CallCounter:
    """A profile hook on the main thread, for as long as a `with` block lasts. ::

        with CallCounter(within=("BoxRun.advance",)) as counter:
            drawABox()
        print(counter.hopCount)

    A hop is a call from one file of the module into another one of it.

    :param within: qualified names of functions; only what happens inside of them is counted. All is if none is named.
    """

    def __init__(self, within=()):
        #: {(file, function): number of calls}
        self.calls = collections.Counter()
        #: {(file of the caller, file of the called): number of calls}
        self.hops = collections.Counter()
        self._within = within
        self._outermost = None

    @property
    def callCount(self):
        """Number of calls of functions of the module."""
        return sum(self.calls.values())

    @property
    def fileCount(self):
        """Number of files whose functions were called."""
        return len({file for file, _function in self.calls})

    @property
    def hopCount(self):
        """Number of calls from one file into another."""
        return sum(self.hops.values())

    def count(self, function):
        """:return: number of calls of a function.

        :param function: its qualified name, such as "SliceGeometry.__init__".
        """
        return sum(number for (_file, name), number in self.calls.items() if name == function)

    def __enter__(self):
        sys.setprofile(self._onEvent)
        return self

    def __exit__(self, *_error):
        sys.setprofile(None)

    def _onEvent(self, frame, event, _argument):
        if frame is self._outermost and event == "return":
            self._outermost = None
        code = frame.f_code
        # Comprehensions and lambdas belong to the function that they stand in.
        if event != "call" or not code.co_filename.startswith(LIBRARY) or code.co_name.startswith("<"):
            return
        if self._outermost is None and code.co_qualname in self._within:
            self._outermost = frame
        if self._outermost is not None or not self._within:
            self._count(code, frame.f_back)

    def _count(self, code, caller):
        file = code.co_filename.removeprefix(LIBRARY)
        self.calls[file, code.co_qualname] += 1
        callerFile = caller.f_code.co_filename if caller is not None else ""
        if callerFile.startswith(LIBRARY) and callerFile != code.co_filename:
            self.hops[callerFile.removeprefix(LIBRARY), file] += 1
