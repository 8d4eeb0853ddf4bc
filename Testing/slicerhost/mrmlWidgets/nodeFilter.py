"""Which nodes of a scene a node selector offers."""

from dataclasses import dataclass, field


@dataclass
class NodeFilter:
    """By class, hidden or not, and by attributes, as qMRMLSortFilterProxyModel has it."""

    nodeTypes: list = field(default_factory=list)
    hideChildNodeTypes: list = field(default_factory=list)
    showChildNodeTypes: bool = True
    showHidden: bool = False
    # (node type, attribute name, value; None for any)
    attributes: list = field(default_factory=list)

    def accepts(self, node):
        """:return: whether the node is offered."""
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        return self.hasType(node) and self._hasAttributes(node)

    def hasType(self, node):
        """:return: whether the node is of a class that is offered."""
        className = node.GetClassName()
        if any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
            return False
        if self.showChildNodeTypes:
            return any(node.IsA(nodeType) for nodeType in self.nodeTypes)
        return className in self.nodeTypes

    def _hasAttributes(self, node):
        for nodeType, name, wanted in self.attributes:
            if not node.IsA(nodeType):
                continue
            value = node.GetAttribute(name)
            if value is None or (wanted is not None and value != str(wanted)):
                return False
        return True
