"""Where Slicer and CTK declare what the module uses of their widgets: for each member, header and line.

Lines are those of Slicer 5.12 (9034c71, with CTK 5056664a) and 5.10 (66f3d12, with CTK dd4caeae). What these classes
inherit from Qt's is not listed.
"""

_MRML = "Slicer: Libs/MRML/Widgets"
_CTK = "CTK: Libs/Widgets"
_CTK_VTK = "CTK: Libs/Visualization/VTK/Widgets"
_SEGMENTATIONS = "Slicer: Modules/Loadable/Segmentations/Widgets"

#: Class -> {member, or signature of a signal: (header, what it is, line in 5.12, line in 5.10)}.
MEMBERS = {
    "ctkCollapsibleButton": {
        "collapsed": (f"{_CTK}/ctkCollapsibleButton.h", "property", 48, 48),
        "contentsCollapsed(bool)": (f"{_CTK}/ctkCollapsibleButton.h", "signal", 151, 151),
    },
    "ctkPathLineEdit": {
        "filters": (f"{_CTK}/ctkPathLineEdit.h", "property", 73, 67),
        "currentPath": (f"{_CTK}/ctkPathLineEdit.h", "property", 76, 70),
        "currentPathChanged(QString)": (f"{_CTK}/ctkPathLineEdit.h", "signal", 255, 249),
    },
    "qMRMLNodeComboBox": {
        "nodeTypes": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 61, 60),
        "hideChildNodeTypes": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 64, 63),
        "noneEnabled": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 73, 72),
        "addEnabled": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 74, 73),
        "removeEnabled": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 75, 74),
        "renameEnabled": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 77, 76),
        "noneDisplay": (f"{_MRML}/qMRMLNodeComboBox.h", "property", 91, 90),
        "nodeAddedByUser(vtkMRMLNode*)": (f"{_MRML}/qMRMLNodeComboBox.h", "signal", 359, 353),
        "setMRMLScene": (f"{_MRML}/qMRMLNodeComboBox.h", "slot", 272, 271),
    },
    "qMRMLWidget": {
        "mrmlSceneChanged(vtkMRMLScene*)": (f"{_MRML}/qMRMLWidget.h", "signal", 71, 66),
        "setMRMLScene": (f"{_MRML}/qMRMLWidget.h", "slot", 65, 60),
    },
    "qMRMLSegmentsModel": {
        "colorColumn": (f"{_SEGMENTATIONS}/qMRMLSegmentsModel.h", "property", 58, 58),
    },
    "qMRMLSegmentsTableView": {
        "opacityColumnVisible": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "property", 60, 58),
        "statusColumnVisible": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "property", 61, 59),
        "useTerminologySelector": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "property", 69, 67),
        "segmentationNode": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 80, 78),
        "tableWidget": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 83, 81),
        "model": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 117, 115),
        "rowForSegmentID": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 144, 142),
        "selectedSegmentIDs": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 89, 87),
        "setSelectedSegmentIDs": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "invokable", 91, 89),
        "setSegmentationNode": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "slot", 150, 148),
        "setMRMLScene": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "slot", 152, 150),
        "setSelectionMode": (f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h", "slot", 157, 155),
        "selectionChanged(QItemSelection,QItemSelection)": (
            f"{_SEGMENTATIONS}/qMRMLSegmentsTableView.h",
            "signal",
            214,
            212,
        ),
    },
    "qMRMLSliceView": {
        "mrmlSliceNode": (f"{_MRML}/qMRMLSliceView.h", "invokable", 79, 79),
        "interactor": (f"{_CTK_VTK}/ctkVTKAbstractView.h", "invokable", 162, 162),
        "renderWindow": (f"{_CTK_VTK}/ctkVTKAbstractView.h", "invokable", 159, 159),
        "scheduleRender": (f"{_CTK_VTK}/ctkVTKAbstractView.h", "slot", 71, 71),
    },
    "qMRMLSliceWidget": {
        "mrmlSliceNode": (f"{_MRML}/qMRMLSliceWidget.h", "invokable", 75, 75),
        "sliceView": (f"{_MRML}/qMRMLSliceWidget.h", "invokable", 132, 132),
    },
    "qMRMLThreeDView": {
        "resetFocalPoint": (f"{_CTK_VTK}/ctkVTKRenderView.h", "slot", 119, 119),
    },
    "qMRMLThreeDWidget": {
        "threeDView": (f"{_MRML}/qMRMLThreeDWidget.h", "invokable", 67, 67),
    },
    "qSlicerApplication": {
        "layoutManager": ("Slicer: Base/QTGUI/qSlicerApplication.h", "invokable", 104, 104),
        "startupCompleted()": ("Slicer: Base/QTGUI/qSlicerApplication.h", "signal", 248, 246),
        "temporaryPath": ("Slicer: Base/QTCore/qSlicerCoreApplication.h", "property", 78, 78),
        "applicationLogic": ("Slicer: Base/QTCore/qSlicerCoreApplication.h", "invokable", 231, 231),
        "loadTranslations": ("Slicer: Base/QTCore/qSlicerCoreApplication.h", "invokable", 547, 547),
        "userSettings": ("Slicer: Base/QTCore/qSlicerCoreApplication.h", "invokable", 404, 404),
    },
    "qSlicerLayoutManager": {
        "threeDViewCount": (f"{_MRML}/qMRMLLayoutManager.h", "property", 87, 86),
        "sliceWidget": (f"{_MRML}/qMRMLLayoutManager.h", "invokable", 134, 133),
        "threeDWidget": (f"{_MRML}/qMRMLLayoutManager.h", "invokable", 137, 136),
        "sliceViewNames": (f"{_MRML}/qMRMLLayoutManager.h", "invokable", 142, 141),
        "layoutChanged(int)": (f"{_MRML}/qMRMLLayoutManager.h", "signal", 275, 274),
    },
}
