"""`qt` as Slicer's PythonQt shows it, made from PySide6.

Differences between the two that would let code pass here and fail in Slicer are errors here: see `instances`.
"""

from slicerhost.pythonQt.qtModule import qt

__all__ = ["qt"]
