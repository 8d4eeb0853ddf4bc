"""The XML of a .ui file: what Qt would pass over in silence is an error here, before a widget is made."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

# Properties that Qt's form builder knows by name and class, not by meta-object.
FORM_BUILDER_PROPERTIES = {("QLabel", "buddy"), ("Line", "orientation")}


def parsed(content):
    """:return: the root element of a file's bytes."""
    return ElementTree.fromstring(content)


def text(root):
    """:return: the XML again, as bytes."""
    return ElementTree.tostring(root)


def check(root, propertyNamesOf):
    """:raises ValueError: for a property that is not in `propertyNamesOf(class name)`."""
    for widget in root.iter("widget"):
        className = widget.get("class")
        known = propertyNamesOf(className)
        for element in widget.findall("property"):
            name = element.get("name")
            # stdset="0" marks a dynamic property, which any widget takes: SlicerParameterName, for one.
            isDynamic = element.get("stdset") == "0"
            if isDynamic or (className, name) in FORM_BUILDER_PROPERTIES or name in known:
                continue
            raise ValueError(f"The .ui file sets '{name}' of {className} '{widget.get('name')}', which has no such one")


@dataclass(frozen=True)
class Connection:
    """One of a file's <connections>: names of objects, C++ signatures."""

    sender: str
    signal: str
    receiver: str
    slot: str

    def make(self, objects):
        """Connect.

        :param objects: object name -> object.
        :raises ValueError: if an object, its signal or its slot does not exist.
        """
        for name in (self.sender, self.receiver):
            if name not in objects:
                raise ValueError(f"The .ui file connects '{name}', which is not in it")
        receiver = objects[self.receiver]
        slot = getattr(receiver, self.slot.partition("(")[0], None)
        if not callable(slot):
            raise ValueError(f"The .ui file connects to {type(receiver).__name__}.{self.slot}, which does not exist")
        objects[self.sender].connect(self.signal, slot)


def takeConnections(root):
    """Remove the connections from the tree, as Qt cannot make those of stand-ins.

    :return: list of Connection.
    """
    taken = []
    for section in root.findall("connections"):
        for element in section.findall("connection"):
            parts = {part: element.findtext(part) for part in ("sender", "signal", "receiver", "slot")}
            taken.append(Connection(**parts))
        root.remove(section)
    return taken
