"""The slice nodes of Slicer's default layout, with their real slice logics and no window."""

from types import MappingProxyType

import slicer

DEFAULT_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
SIZE_WITHOUT_WINDOW = 400, 300


class SliceViews:
    """Slice nodes with a logic each, found by Slicer's own means (singleton tag, application logic)."""

    def __init__(self, scene, applicationLogic):
        self._scene = scene
        self._applicationLogic = applicationLogic
        self._orientations = {}
        self._logics = {}
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
        for name, orientation in DEFAULT_VIEWS.items():
            self.add(name, orientation)

    def add(self, name, orientation):
        """Add a slice view.

        :param name: layout name, such as "Red".
        :param orientation: "Axial", "Sagittal" or "Coronal".
        :return: the slice node.
        """
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self._applicationLogic)
        self._applicationLogic.GetSliceLogics().AddItem(logic)
        logic.SetMRMLScene(self._scene)
        sliceNode = logic.AddSliceNode(name)
        self._logics[name] = logic
        self._orientations[name] = orientation
        self._initialize(name)
        return sliceNode

    def remove(self, name):
        """Remove a slice view that was added."""
        logic = self._logics.pop(name)
        del self._orientations[name]
        self._applicationLogic.GetSliceLogics().RemoveItem(logic)

    def node(self, name):
        """:return: the slice node of a view."""
        return self._logics[name].GetSliceNode()

    def logic(self, name):
        """:return: the slice logic of a view."""
        return self._logics[name]

    def reset(self, sizes=MappingProxyType({})):
        """Give every view the orientation and place that the layout gives it.

        :param sizes: (width, height) of views that have a window, by name.
        """
        for name in self._logics:
            self._initialize(name, sizes.get(name, SIZE_WITHOUT_WINDOW))

    def _initialize(self, name, size=SIZE_WITHOUT_WINDOW):
        sliceNode = self.node(name)
        sliceNode.SetMappedInLayout(1)
        sliceNode.GetSliceToRAS().Identity()
        sliceNode.SetOrientation(self._orientations[name])
        self._logics[name].ResizeSliceNode(*size)
