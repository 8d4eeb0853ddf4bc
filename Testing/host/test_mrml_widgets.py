"""The stand-ins for Slicer's widgets over the scene."""

import numpy as np
import pytest
import slicer

from slicerhost import slicerVersion


@pytest.fixture
def selector(gui):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.setMRMLScene(gui.scene)
    selector.show()
    return selector


@pytest.fixture
def segmentation(gui):
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    segmentation.CreateDefaultDisplayNodes()
    for segmentID, name in (("a", "Liver"), ("b", "Tumor")):
        segmentation.GetSegmentation().AddEmptySegment(segmentID, name, (1.0, 0.0, 0.0))
    return segmentation


@pytest.fixture
def table(gui, segmentation):
    table = slicer.qMRMLSegmentsTableView()
    table.setMRMLScene(gui.scene)
    table.setSegmentationNode(segmentation)
    return table


def addVolume(name, cls="vtkMRMLScalarVolumeNode"):
    return slicer.mrmlScene.AddNewNodeByClass(cls, name)


def test_the_selector_takes_the_first_node_unless_none_is_allowed(selector):
    heard = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    first, _second = addVolume("A"), addVolume("B")
    assert selector.currentNode() is first
    assert selector.currentNodeID == first.GetID()
    assert heard == [first]
    optional = slicer.qMRMLNodeComboBox()
    optional.noneEnabled = True
    optional.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    optional.setMRMLScene(slicer.mrmlScene)
    assert optional.currentNode() is None
    assert optional.nodeCount() == 2


def test_the_selector_follows_removal_and_closing_of_the_scene(selector):
    heard = []
    selector.connect("currentNodeChanged(bool)", heard.append)
    first, second = addVolume("A"), addVolume("B")
    slicer.mrmlScene.RemoveNode(first)
    assert selector.currentNode() is second
    slicer.mrmlScene.Clear()
    assert selector.currentNode() is None
    assert heard == [True, True, False]


def test_the_selector_filters_by_class_hiding_and_attribute(selector):
    plain, labelmap = addVolume("A"), addVolume("L", "vtkMRMLLabelMapVolumeNode")
    hidden, marked = addVolume("H"), addVolume("M")
    hidden.SetHideFromEditors(True)
    marked.SetAttribute("Kind", "sample")
    selector.setMRMLScene(None)
    selector.setMRMLScene(slicer.mrmlScene)
    assert [selector.nodeFromIndex(row) for row in range(selector.nodeCount())] == [plain, labelmap, marked]
    selector.showChildNodeTypes = False
    assert selector.nodeCount() == 2
    selector.addAttribute("vtkMRMLScalarVolumeNode", "Kind", "sample")
    assert selector.nodeCount() == 1
    assert selector.currentNode() is marked


def test_a_user_chooses_and_creates_nodes(selector):
    from slicerhost import widgetDriver

    heard = []
    first, second = addVolume("A"), addVolume("B")
    selector.nodeActivated.connect(heard.append)
    selector.baseName = "New"
    widgetDriver.choose(selector, "B")
    assert selector.currentNode() is second
    assert heard == [second]
    selector.connect("nodeAddedByUserAction(vtkMRMLNode*)", heard.append)
    widgetDriver.choose(selector, "Create new ScalarVolume")
    created = selector.currentNode()
    assert created not in (first, second)
    assert created.GetName() == "New"
    assert heard == [second, created]


@pytest.mark.parametrize("version", slicerVersion.VERSIONS)
@pytest.mark.parametrize("isNamed", [False, True])
def test_who_hears_of_a_new_node_when(selector, monkeypatch, version, isNamed):
    import qt

    from slicerhost import widgetDriver

    slicerVersion.behaveAs(version)
    heard = []
    selector.renameEnabled = True
    selector.baseName = "New"
    monkeypatch.setattr(qt.QInputDialog, "getText", staticmethod(lambda *_arguments: "Typed"))

    def hear(node):
        assert node is selector.currentNode()
        heard.append(node.GetName())

    selector.connect("nodeAddedByUser(vtkMRMLNode*)", hear)
    if version == "5.10":
        with pytest.raises(ValueError, match="has no signal"):
            selector.connect("nodeAddedByUserAction(vtkMRMLNode*)", hear)
    else:
        selector.connect("nodeAddedByUserAction(vtkMRMLNode*)", hear)
    widgetDriver.choose(selector, "Create new ScalarVolume as..." if isNamed else "Create new ScalarVolume")
    assert heard == ["New", "Typed" if isNamed else "New"]


@pytest.mark.parametrize("isNoneAllowed", [False, True])
def test_the_selector_goes_on_to_the_node_in_the_same_row(selector, isNoneAllowed):
    selector.noneEnabled = isNoneAllowed
    nodes = [addVolume(name) for name in "ABC"]
    selector.setCurrentNode(nodes[1])
    slicer.mrmlScene.RemoveNode(nodes[1])
    assert selector.currentNode() is nodes[2]
    slicer.mrmlScene.RemoveNode(nodes[2])
    assert selector.currentNode() is nodes[0]
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert selector.currentNode() is None


def test_a_selector_without_a_choice_stays_so_while_it_has_nodes(selector):
    nodes = [addVolume(name) for name in "ABC"]
    assert selector.currentNode() is nodes[0]
    selector.setCurrentNode(None)
    slicer.mrmlScene.RemoveNode(nodes[0])
    addVolume("D")
    assert selector.currentNode() is None
    slicer.mrmlScene.Clear()
    assert selector.currentNode() is None
    assert addVolume("E") is selector.currentNode()


def test_the_selector_hears_of_a_removal_after_others(selector):
    seen = []
    addVolume("A"), addVolume("B")
    event = slicer.mrmlScene.NodeAboutToBeRemovedEvent
    tag = slicer.mrmlScene.AddObserver(event, lambda *_: seen.append(selector.currentNode().GetName()))
    slicer.mrmlScene.RemoveNode(selector.currentNode())
    slicer.mrmlScene.RemoveObserver(tag)
    assert seen == ["A"]
    assert selector.currentNode().GetName() == "B"


def test_renamed_nodes_are_shown_under_the_new_name(selector):
    from slicerhost import widgetDriver

    addVolume("A")
    addVolume("B").SetName("Chest")
    widgetDriver.choose(selector, "Chest")
    assert selector.currentNode().GetName() == "Chest"


def test_a_deleted_selector_observes_nothing(gui, selector):
    selector.deleteLater()
    gui.processEvents()
    addVolume("A")


def test_the_table_shows_segments_as_they_come_and_go(table, segmentation):
    assert table.displayedSegmentIDs() == ("a", "b")
    segmentation.GetSegmentation().AddEmptySegment("c", "Vessel")
    segmentation.GetSegmentation().RemoveSegment("a")
    segmentation.GetSegmentation().GetSegment("b").SetName("Lesion")
    assert table.segmentCount == 2
    assert [table.tableWidget().item(row, 2).text() for row in range(2)] == ["Lesion", "Vessel"]


def test_selection_is_kept_and_reported(table, segmentation):
    heard = []
    table.connect("selectionChanged(QItemSelection,QItemSelection)", lambda: heard.append(table.selectedSegmentIDs()))
    table.setSelectedSegmentIDs(["b"])
    segmentation.GetSegmentation().AddEmptySegment("c", "Vessel")
    segmentation.GetSegmentation().GetSegment("b").SetColor(0.0, 1.0, 0.0)
    assert heard == [("b",)]
    segmentation.GetSegmentation().RemoveSegment("b")
    assert heard == [("b",), ()]


def test_names_and_visibility_are_edited_in_the_table(table, segmentation):
    import qt

    table.tableWidget().item(0, 2).setText("Spleen")
    table.tableWidget().item(1, 0).setCheckState(qt.Qt.Unchecked)
    assert segmentation.GetSegmentation().GetSegment("a").GetName() == "Spleen"
    assert not segmentation.GetDisplayNode().GetSegmentVisibility("b")
    segmentation.GetDisplayNode().SetSegmentVisibility("b", True)
    assert table.tableWidget().item(1, 0).checkState() == qt.Qt.Checked


def test_a_double_click_on_a_color_opens_the_window_for_terminology(table, segmentation, monkeypatch):
    from slicerhost.mrmlWidgets.terminologyWindow import TerminologyWindow
    from slicerhost.pythonQt.popUps import PopUpRefused

    view, asked = table.tableWidget(), []
    color = view.model().index(table.rowForSegmentID("b"), table.model().colorColumn)
    segment = segmentation.GetSegmentation().GetSegment("b")
    answers = iter([None, "list~A^1^Mass~A^2^Mass~^^~regions~^^~^^"])
    monkeypatch.setattr(TerminologyWindow, "choose", staticmethod(lambda which: asked.append(which) or next(answers)))
    before = segment.GetTerminology()
    view.doubleClicked(color)
    assert segment.GetTerminology() == before
    view.doubleClicked(view.model().index(1, table.model().nameColumn))
    table.useTerminologySelector = False
    view.doubleClicked(color)
    assert asked == [segment]
    table.useTerminologySelector = True
    view.doubleClicked(color)
    assert segment.GetTerminology().startswith("list~A^1^Mass")
    monkeypatch.undo()
    monkeypatch.setattr("sys.excepthook", lambda *_error: None)
    with pytest.raises(PopUpRefused, match="qSlicerTerminologySelectorDialog"):
        TerminologyWindow.choose(segment)


def test_the_place_widget_places_in_a_view(gui):
    widget, heard = slicer.qSlicerMarkupsPlaceWidget(), []
    widget.setMRMLScene(gui.scene)
    assert not widget.placeButton().enabled
    line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    line.CreateDefaultDisplayNodes()
    widget.setCurrentNode(line)
    widget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
    widget.connect("activeMarkupsPlaceModeChanged(bool)", heard.append)
    widget.placeButton().click()
    assert widget.placeModeEnabled
    view = gui.view("Red")
    view.click(100, 100)
    view.click(200, 150)
    assert not widget.placeModeEnabled
    assert heard == [True, False]
    placed = slicer.util.arrayFromMarkupsControlPoints(line, world=True)
    np.testing.assert_allclose(placed, [view.xyToRAS(100, 100), view.xyToRAS(200, 150)], atol=1e-3)


def test_a_disabled_or_hidden_widget_cannot_be_used_by_a_person(gui):
    import qt

    from slicerhost import widgetDriver

    button = qt.QPushButton("x")
    with pytest.raises(AssertionError, match="not shown"):
        widgetDriver.click(button)
    button.show()
    button.enabled = False
    with pytest.raises(AssertionError, match="disabled"):
        widgetDriver.click(button)
