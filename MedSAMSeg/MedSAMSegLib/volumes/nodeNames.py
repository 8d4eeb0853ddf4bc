"""Names of nodes that a saved scene can be read again with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import slicer

# A node's name becomes the name of its file, which MRML writes into the scene without escaping "&" or what XML has no
# place for (https://www.w3.org/TR/xml/#charsets); such a scene cannot be loaded again.
_AMPERSAND = re.compile(r"\s*&\s*")
_NOT_IN_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def nodeName(text: str) -> str:
    """Return a name for a node of ours after a name that the user chose, such as that of a segment.

    :param text: any text.
    """
    return _NOT_IN_XML.sub(" ", _AMPERSAND.sub(" and ", text)).strip()


def repairName(node: slicer.vtkMRMLMarkupsNode) -> None:
    """Give a node, and the file that it was read from, a name that can be saved; does nothing where they have one.

    :param node: a storable node of ours, such as one that an earlier version named.
    """
    name = node.GetName() or ""
    if nodeName(name) != name:
        node.SetName(nodeName(name))
    storageNode = node.GetStorageNode()
    fileName = (storageNode.GetFileName() or "") if storageNode is not None else ""
    if nodeName(fileName) != fileName:
        # Slicer names the file after the node when it is saved next.
        storageNode.SetFileName("")
