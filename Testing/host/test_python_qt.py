"""`qt` behaves as PythonQt does: what works in Slicer works, what fails there fails here."""

import gc
import threading
import weakref

import pytest
import slicer


@pytest.fixture
def qt(gui):
    import qt

    return qt


def test_properties_are_attributes(qt):
    button = qt.QPushButton("Apply")
    assert (button.text, button.enabled, button.checkable) == ("Apply", True, False)
    button.text = "Run"
    button.setEnabled(False)
    assert (button.text, button.enabled) == ("Run", False)
    with pytest.raises(TypeError):
        button.text()


def test_unknown_attributes_can_be_neither_read_nor_set(qt):
    button = qt.QPushButton()
    with pytest.raises(AttributeError, match="no attribute named 'invented'"):
        button.invented  # noqa: B018
    with pytest.raises(AttributeError, match="no property 'invented'"):
        button.invented = 1
    with pytest.raises(AttributeError, match="not writable"):
        button.rect = None


def test_what_only_qt_6_has_is_not_there(qt):
    for widget, name in ((qt.QWidget(), "accessibleIdentifier"), (qt.QTimer(), "id"), (qt.QShortcut(None), "keys")):
        with pytest.raises(AttributeError, match=f"no attribute named '{name}' before Qt 6"):
            getattr(widget, name)
    with pytest.raises(ValueError, match="has no signal"):
        qt.QCheckBox().connect("checkStateChanged(Qt::CheckState)", print)
    assert not qt.QTableWidget().horizontalHeader().sectionsMovable()


def test_a_timer_has_no_property_for_being_single_shot(qt):
    timer = qt.QTimer()
    with pytest.raises(AttributeError, match="Slot 'singleShot' can not be overwritten on QTimer object"):
        timer.singleShot = True
    assert callable(timer.singleShot)
    timer.setSingleShot(True)
    assert timer.isSingleShot()


@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [
        ("QPushButton", "click", "Slot"),
        ("QPushButton", "clicked", "Signal"),
        ("QWidget", "show", "Slot"),
        ("QTimer", "start", "Slot"),
    ],
)
@pytest.mark.parametrize("isSubclassed", [False, True])
def test_slots_and_signals_cannot_be_overwritten(qt, make, name, kind, isSubclassed):
    cls = getattr(qt, make)
    instance = type("Own", (cls,), {})() if isSubclassed else cls()
    with pytest.raises(AttributeError, match=f"{kind} '{name}' can not be overwritten"):
        setattr(instance, name, None)


def test_members_of_stand_ins_cannot_be_overwritten(gui):
    selector = slicer.qMRMLNodeComboBox()
    selector.noneDisplay = "Nothing"
    assert selector.noneDisplay == "Nothing"
    for name in ("setCurrentNode", "currentNodeChanged"):
        with pytest.raises(AttributeError, match="can not be overwritten"):
            setattr(selector, name, None)


def test_a_class_written_in_python_takes_attributes_and_overrides_events(qt):
    class Filter(qt.QObject):
        def __init__(self):
            super().__init__()
            self.seen = []

        def eventFilter(self, watched, event):
            self.seen.append(event.type())
            return False

    button, eventFilter = qt.QPushButton(), Filter()
    button.installEventFilter(eventFilter)
    button.text = "changed"
    button.show()
    assert qt.QEvent.Show in eventFilter.seen
    assert eventFilter.className() == "QObject"


@pytest.mark.parametrize("call", [lambda qt: qt.QLabel(text="x"), lambda qt: qt.QLabel().setText(text="x")])
def test_keyword_arguments_are_refused(qt, call):
    with pytest.raises(TypeError, match="PythonQt takes no keyword arguments"):
        call(qt)


@pytest.mark.parametrize("name", ["Signal", "Slot", "Property", "QtWidgets", "QInvented", "invented"])
def test_names_of_pyside_do_not_exist(qt, name):
    with pytest.raises(AttributeError, match=f"qt has no '{name}'"):
        getattr(qt, name)


def test_signals_hand_over_as_many_arguments_as_the_slot_takes(qt):
    button, heard = qt.QPushButton(), []

    class Receiver:
        def none(self):
            heard.append("none")

        def one(self, checked):
            heard.append(checked)

    receiver = Receiver()
    button.connect("clicked(bool)", receiver.none)
    button.connect("clicked( bool )", receiver.one)
    button.clicked.connect(lambda *arguments: heard.append(arguments))
    button.click()
    assert heard == ["none", False, (False,)]


def test_signals_are_disconnected(qt):
    spinBox, heard = qt.QSpinBox(), []
    spinBox.connect("valueChanged(int)", heard.append)
    spinBox.value = 1
    spinBox.disconnect("valueChanged(int)", heard.append)
    spinBox.value = 2
    assert heard == [1]


class Ticker:
    """Holds the timer that calls it."""

    def __init__(self, qt):
        self.timer = qt.QTimer()
        self.timer.connect("timeout()", self.tick)

    def tick(self):
        """Nothing."""


def disconnected(ticker):
    ticker.timer.disconnect("timeout()", ticker.tick)


def destroyed(ticker):
    ticker.timer.delete()


@pytest.mark.parametrize(
    ("end", "isKept"),
    [(None, True), (disconnected, False), (destroyed, False)],
    ids=["connected", "disconnected", "destroyed"],
)
def test_what_is_connected_is_kept(qt, gui, end, isKept):
    ticker = Ticker(qt)
    if end is not None:
        end(ticker)
    known = weakref.ref(ticker)
    del ticker
    gui.processEvents()
    gc.collect()
    assert (known() is not None) == isKept
    if isKept:
        disconnected(known())


@pytest.mark.parametrize("signature", ["clicked(int)", "pushed()", "clicked"])
def test_unknown_signals_are_refused(qt, signature):
    with pytest.raises(ValueError, match="has no signal"):
        qt.QPushButton().connect(signature, print)


def test_objects_that_qt_made_follow_the_same_rules(qt):
    table = qt.QTableWidget(2, 2)
    header = table.horizontalHeader()
    header.stretchLastSection = True
    assert header.stretchLastSection is True
    assert isinstance(header, qt.QWidget)
    with pytest.raises(AttributeError):
        header.invented = 1


def test_children_are_found_by_class_and_name(qt):
    parent = qt.QWidget()
    layout = qt.QVBoxLayout(parent)
    button = qt.QPushButton("x")
    button.name = "runButton"
    layout.addWidget(button)
    assert parent.findChild(qt.QPushButton, "runButton") is button
    assert parent.runButton is button
    assert button.parent() is parent
    assert layout.itemAt(0).widget() is button


def test_a_destroyed_object_cannot_be_used(qt, gui):
    button = qt.QPushButton()
    button.deleteLater()
    gui.processEvents()
    assert not button
    for use in (lambda: button.text, lambda: button.click(), lambda: button.connect("clicked()", print)):
        with pytest.raises(ValueError, match="destroyed QPushButton"):
            use()
    with pytest.raises(AttributeError, match="Trying to set property 'text' on a destroyed QPushButton"):
        button.text = "x"


def test_what_lives_is_true(qt):
    assert all([qt.QWidget(), qt.QTimer(), qt.QTableWidget(), slicer.qMRMLNodeComboBox(), slicer.app.layoutManager()])


def test_enum_values_are_found_in_the_class_and_in_the_enum(qt):
    assert qt.Qt.AlignLeft == qt.Qt.AlignmentFlag.AlignLeft
    assert qt.Qt.AlignLeft | qt.Qt.AlignTop == qt.Qt.AlignTop | qt.Qt.AlignLeft
    # Stricter than PythonQt, whose values are numbers.
    assert qt.Qt.Checked != 2
    with pytest.raises(TypeError):
        qt.QTableWidget().setSelectionMode(1)


def test_static_functions_are_called_on_the_class_or_an_instance(qt, gui):
    heard = []
    qt.QTimer.singleShot(0, lambda: heard.append("class"))
    qt.QTimer().singleShot(0, lambda: heard.append("instance"))
    assert qt.QUrl.fromLocalFile("/tmp").isLocalFile()
    with pytest.raises(TypeError):
        qt.QTimer.singleShot(0, qt.Qt.PreciseTimer, print)
    gui.waitUntil(lambda: len(heard) == 2)


def startTimer(qt, function):
    timer = qt.QTimer()
    timer.connect("timeout()", function)
    timer.start(0)
    return timer


def test_a_timer_that_nobody_holds_never_fires(qt, gui):
    heard = []
    held = startTimer(qt, lambda: heard.append("held"))
    startTimer(qt, lambda: heard.append("dropped"))
    gui.waitUntil(lambda: len(heard) >= 3)
    held.stop()
    assert set(heard) == {"held"}


def test_a_timer_dropped_on_another_thread_is_complained_of(qt, gui):
    timer = qt.QTimer()
    # Qt goes on to wait for it: it must not be due while the tests run.
    timer.start(2**31 - 1)
    held = [timer]
    del timer
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    assert any("Timers cannot be stopped from another thread" in warning for warning in gui.messages.warnings)
    gui.messages.clear()


def test_timers_shortcuts_actions_and_icons(qt, gui):
    heard = []
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.connect("timeout()", lambda: heard.append("timer"))
    timer.start(1)
    qt.QTimer.singleShot(0, lambda: heard.append("single shot"))
    action = qt.QAction("Undo", None)
    action.checkable = True
    action.connect("toggled(bool)", heard.append)
    action.trigger()
    assert qt.QIcon().isNull()
    assert qt.QShortcut(qt.QKeySequence("Ctrl+Z"), qt.QWidget()).key == qt.QKeySequence("Ctrl+Z")
    gui.waitUntil(lambda: "timer" in heard)
    assert heard == [True, "single shot", "timer"]


def test_settings_are_kept_for_one_test_only(qt, gui):
    qt.QSettings().setValue("MedSAMSeg/url", "http://127.0.0.1")
    assert slicer.util.settingsValue("MedSAMSeg/url", "") == "http://127.0.0.1"
    gui.reset()
    assert slicer.util.settingsValue("MedSAMSeg/url", "none") == "none"


@pytest.mark.parametrize(
    "open_",
    [
        lambda qt: qt.QMessageBox.warning(None, "a", "b"),
        lambda qt: qt.QFileDialog.getOpenFileName(None, "a"),
        lambda qt: qt.QDialog().exec_(),
        lambda qt: slicer.util.messageBox("Really?"),
    ],
)
def test_pop_ups_are_refused(qt, gui, open_):
    with pytest.raises(RuntimeError, match="would wait for an answer"):
        open_(qt)
    assert "would wait for an answer" in gui.messages.takeErrors()[0]


def test_exceptions_in_slots_and_timers_are_collected(qt, gui):
    def fail():
        raise ValueError("the slot failed")

    button = qt.QPushButton()
    button.connect("clicked()", fail)
    button.click()
    qt.QTimer.singleShot(0, fail)
    gui.processEvents()
    errors = gui.messages.takeErrors()
    assert len(errors) == 2
    assert all("the slot failed" in error for error in errors)


def test_an_interruption_in_a_slot_ends_the_wait(qt, gui):
    def interrupt():
        raise KeyboardInterrupt

    qt.QTimer.singleShot(0, interrupt)
    with pytest.raises(KeyboardInterrupt):
        gui.waitUntil(lambda: False)
    assert len(gui.messages.takeErrors()) == 1


def test_warnings_of_qt_are_collected(qt, gui):
    widget = qt.QWidget()
    qt.QVBoxLayout(widget)
    qt.QVBoxLayout(widget)
    assert "which already has a layout" in gui.messages.warnings[0]
    gui.messages.clear()
