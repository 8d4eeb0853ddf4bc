"""A stand-in for Slicer's PythonSlicer: the real interpreter in Slicer's folder layout, behind a launcher. ::

layout = SlicerLayout(folder)
subprocess.run([layout.pythonSlicer, "-m", "pip", "--version"])
"""

from launcher.layout import SlicerLayout

__all__ = ["SlicerLayout"]
