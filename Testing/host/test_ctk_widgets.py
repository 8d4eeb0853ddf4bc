"""The stand-ins for CTK's widgets."""

import pytest


@pytest.fixture
def ctk(gui):
    import ctk

    return ctk


@pytest.fixture
def qt(gui):
    import qt

    return qt


def test_a_widget_that_the_host_lacks_says_what_to_do(ctk):
    with pytest.raises(AttributeError, match=r"no ctk\.ctkSearchBox\. If Slicer has it, write a stand-in"):
        ctk.ctkSearchBox  # noqa: B018


def test_stand_ins_are_as_strict_as_qt(ctk):
    slider = ctk.ctkSliderWidget()
    with pytest.raises(AttributeError):
        slider.invented = 1
    with pytest.raises(ValueError, match="has no signal"):
        slider.connect("valueChanged(int)", print)
    with pytest.raises(TypeError, match="no keyword arguments"):
        ctk.ctkCollapsibleButton(text="Advanced")


def test_the_slider_keeps_value_and_limits(ctk):
    slider, heard = ctk.ctkSliderWidget(), []
    slider.connect("valueChanged(double)", heard.append)
    slider.minimum, slider.maximum = -100, 100
    slider.decimals = 1
    slider.value = 12.34
    slider.value = 500
    assert slider.value == 100.0
    assert heard == [12.3, 100.0]


def test_a_dragged_slider_reports_once_without_tracking(ctk):
    slider, changed, changing = ctk.ctkSliderWidget(), [], []
    slider.tracking = False
    slider.connect("valueChanged(double)", changed.append)
    slider.connect("valueIsChanging(double)", changing.append)
    slider._slider.setSliderDown(True)
    slider._slider.value = 250
    slider._slider.value = 500
    assert (len(changed), len(changing)) == (0, 2)
    slider._slider.setSliderDown(False)
    assert changed == [pytest.approx(49.5, abs=0.1)]


def test_the_range_never_turns_round(ctk):
    rangeWidget, heard = ctk.ctkRangeWidget(), []
    rangeWidget.setRange(0, 10)
    rangeWidget.connect("valuesChanged(double,double)", lambda low, high: heard.append((low, high)))
    rangeWidget.setValues(2, 5)
    rangeWidget.minimumValue = 7
    assert (rangeWidget.minimumValue, rangeWidget.maximumValue) == (7.0, 7.0)
    assert heard == [(2.0, 5.0), (7.0, 7.0)]


def test_a_collapsible_section_hides_and_shows_its_content(ctk, qt, gui):
    section, heard = ctk.ctkCollapsibleButton("Advanced"), []
    layout = qt.QVBoxLayout(section)
    shown, hidden = qt.QPushButton("shown"), qt.QPushButton("hidden")
    layout.addWidget(shown)
    layout.addWidget(hidden)
    hidden.hide()
    section.show()
    section.connect("contentsCollapsed(bool)", heard.append)
    section.collapsed = True
    assert section.collapsed
    assert not shown.visible
    section.click()
    assert shown.visible
    assert not hidden.visible
    assert heard == [True, False]


def test_what_is_shown_in_a_closed_section_appears_when_it_is_opened(ctk, qt, gui):
    section = ctk.ctkCollapsibleButton("Advanced")
    layout = qt.QVBoxLayout(section)
    label = qt.QLabel("hidden at first")
    layout.addWidget(label)
    label.hide()
    section.show()
    section.collapsed = True
    label.visible = True
    assert not label.visible
    section.collapsed = False
    assert label.visible
    label.visible = False
    assert not label.visible


def test_only_the_title_of_a_section_is_a_button(ctk, qt, gui):
    from slicerhost import widgetDriver

    section = ctk.ctkCollapsibleButton("Advanced")
    section.resize(200, 200)
    section.show()
    widgetDriver.click(section, 100, 150)
    assert not section.collapsed
    widgetDriver.click(section, 100, 8)
    assert section.collapsed


def test_the_collapsible_group_box(ctk, qt):
    box = ctk.ctkCollapsibleGroupBox()
    layout = qt.QVBoxLayout(box)
    inner = qt.QLabel("inner")
    layout.addWidget(inner)
    box.show()
    box.collapsed = True
    assert not inner.visible
    box.checked = True
    assert inner.visible


def test_paths(ctk):
    pathEdit, heard = ctk.ctkPathLineEdit(), []
    pathEdit.filters = ctk.ctkPathLineEdit.Dirs
    pathEdit.connect("currentPathChanged(QString)", heard.append)
    pathEdit.currentPath = "/data"
    folderButton = ctk.ctkDirectoryButton()
    folderButton.directoryChanged.connect(heard.append)
    folderButton.directory = "/weights"
    assert heard == ["/data", "/weights"]


def test_the_combo_box(ctk):
    comboBox = ctk.ctkComboBox()
    comboBox.defaultText = "Choose"
    comboBox.addItem("Lung", "lung")
    comboBox.addItem("Bone", "bone")
    comboBox.currentUserDataAsString = "bone"
    assert comboBox.currentText == "Bone"
