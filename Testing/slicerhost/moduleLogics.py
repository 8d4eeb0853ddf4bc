"""`slicer.modules`: the real C++ logics of Slicer's modules, wired to the scene as the application does."""

import slicer

from slicerhost.standIn import StandIn

# Module name in Slicer -> class of its logic in slicer-core. `vtkSlicer…ModuleLogic` names a Python module there
# where Slicer's class is called `vtkSlicer…Logic`. Terminologies is left out: the wheel lacks its JSON files.
LOGIC_CLASSES = {
    "Colors": "vtkMRMLColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Data": "vtkSlicerDataModuleLogic",
}


class Module(StandIn):
    """One entry of `slicer.modules`."""

    standsFor = "qSlicerAbstractCoreModule"

    def __init__(self, name, logic):
        self.name = name
        self._logic = logic

    def logic(self):
        """:return: the module's logic."""
        return self._logic


class Modules(StandIn):
    """`slicer.modules`: one attribute per module, in lower case."""

    standsFor = "slicer.modules"

    def __init__(self, scene, applicationLogic):
        for name, className in LOGIC_CLASSES.items():
            logic = getattr(slicer, className)()
            logic.SetMRMLScene(scene)
            logic.SetMRMLApplicationLogic(applicationLogic)
            applicationLogic.SetModuleLogic(name, logic)
            setattr(self, name.lower(), Module(name, logic))


class ModuleNames(StandIn):
    """`slicer.moduleNames`: the name of each module, under its name."""

    standsFor = "slicer.moduleNames"

    def __init__(self):
        for name in LOGIC_CLASSES:
            setattr(self, name, name)
