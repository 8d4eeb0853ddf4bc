"""The `gui` fixture turns what Slicer would only print into failures, and keeps tests apart."""

from pathlib import Path

pytest_plugins = ["pytester"]
TESTING = Path(__file__).resolve().parents[1]


def test_a_failing_slot_fails_the_test_and_the_next_one_starts_clean(pytester, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makeconftest(
        "from slicerhost.fixtures import cleanScene, host\nfrom slicerhost.guiFixtures import gui, guiHost"
    )
    pytester.makeini(f"[pytest]\npythonpath = {TESTING}")
    pytester.makepyfile(
        """
        import sys

        def test_headless(host):
            assert "PySide6" not in sys.modules

        def test_failing_slot(gui):
            import qt
            button = qt.QPushButton()
            button.connect("clicked()", lambda: 1 / 0)
            button.click()

        def test_warning(gui):
            import qt
            widget = qt.QWidget()
            qt.QVBoxLayout(widget)
            qt.QVBoxLayout(widget)

        def test_leaving_things_behind(gui):
            import slicer
            slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "left behind")
            interactionNode = slicer.app.applicationLogic().GetInteractionNode()
            interactionNode.SetPlaceModePersistence(1)
            slicer.app.applicationLogic().GetSelectionNode().SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsROINode")
            interactionNode.SetCurrentInteractionMode(interactionNode.Place)
            gui.setDevicePixelRatio(2)
            gui.view("Red").moveTo(10, 10)
            gui.view("Red").press()

        def test_after(gui):
            import slicer
            assert not slicer.util.getNodes("left behind")
            interactionNode = slicer.app.applicationLogic().GetInteractionNode()
            assert interactionNode.GetCurrentInteractionMode() == interactionNode.ViewTransform
            assert not interactionNode.GetPlaceModePersistence()
            assert not slicer.app.applicationLogic().GetSelectionNode().GetActivePlaceNodeClassName()
            assert gui.view("Red").size == (405, 301)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*", "*already has a layout*"])
    # The process has removed its own folder, too.
    assert list(tmp_path.glob("slicerhost-*")) == []
