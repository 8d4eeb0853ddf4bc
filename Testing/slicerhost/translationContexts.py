"""In which context Slicer looks a text up, as its `slicer.i18n.getContext` (Base/Python/slicer/i18n.py, 9034c71)."""

import functools
from pathlib import Path


@functools.cache
def contextOf(sourceFile):
    """Return the context of the texts of a source file, given as a path.

    It is the file's name without ".py", behind the name of its folder where that is a package.
    """
    path = Path(sourceFile)
    isInPackage = (path.parent / "__init__.py").is_file()
    return f"{path.parent.name}.{path.stem}" if isInPackage else path.stem
