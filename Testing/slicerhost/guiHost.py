"""The host with windows: `slicer.app`, `qt`, `ctk` and the views as a panel finds them in Slicer."""

import atexit
import contextlib
import functools
import gc
import os
import sys
import time

# Before any window exists: nothing is shown unless the caller chose another platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if not os.environ.get("DISPLAY"):
    # Keeps VTK from trying an X server first, which it complains about.
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import shiboken6
import slicer
from PySide6 import QtCore, QtWidgets

from slicerhost import eventLoop, qtMessages, scriptedModules, slicerVersion
from slicerhost.ctkWidgets import ctk
from slicerhost.guiApplication import GuiApplication
from slicerhost.host import Host
from slicerhost.mainWindow import qSlicerMainWindow
from slicerhost.moduleManager import qSlicerModuleManager
from slicerhost.mrmlWidgets.mrmlWidget import SceneObserver
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import STAND_INS, TIMERS
from slicerhost.sliceViews import DEFAULT_VIEWS
from slicerhost.views.viewDriver import ViewDriver

WINDOW_SIZE = (812, 640)

# How often a condition that is waited for is looked at while nothing happens in the event loop. Each look lets other
# threads get on for a moment, so it must be seldom: Slicer does not look at all.
LOOK_AGAIN_MILLISECONDS = 300

# Timers that run once and are due this soon are over before a person acts on what was waited for …
SOON_MILLISECONDS = 20

# … unless they are started again and again. In turns of the event loop: a busy computer takes longer for each.
LONGEST_SETTLING_TURNS = 100


class GuiHost:
    """Puts windows on the host of this process; `GuiHost.shared()` gives the same one again."""

    def __init__(self, host):
        self.host = host
        self._application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
        self._application.setQuitOnLastWindowClosed(False)
        qtMessages.collectInto(host.messages)
        self._setUpSettings()
        self._installModules()
        self.moduleManager = qSlicerModuleManager()
        self.layoutManager = self._createLayoutManager()
        slicer.app = GuiApplication(
            host.scene, host.applicationLogic, str(host.temporaryFolder), self.layoutManager, self.moduleManager
        )
        self._drivers = {}
        self.mainWindow = None
        self._enteredModule = None
        self._closedPanels = []
        self._moduleCount = 0
        self._isLookedAt = True
        self._showViews()
        host.keepPresentNodes()
        atexit.register(self._shutDown)
        self.collectGarbageHere()

    @staticmethod
    @functools.cache
    def shared():
        """:return: the host with windows of this process, made when first asked for."""
        return GuiHost(Host.shared())

    @property
    def scene(self):
        """The scene."""
        return self.host.scene

    @property
    def messages(self):
        """What VTK complained about, and exceptions in observers, slots and timers."""
        return self.host.messages

    def view(self, name):
        """:return: ViewDriver of a slice view, or of the 3D view for "1"."""
        if name not in self._drivers:
            manager = self.layoutManager
            view = manager.threeDWidget(0).threeDView() if name == "1" else manager.sliceWidget(name).sliceView()
            self._drivers[name] = ViewDriver(view)
        self._drivers[name].view._see()
        return self._drivers[name]

    def lookAway(self):
        """Until `lookAtAll`, let views follow the scene only from when `view` is asked for one, or it is painted; let
        them render when their picture is asked for, when something is done to what they show, and at `lookOnce`; and
        let panels that are opened now be painted only in the main window."""
        self._isLookedAt = False
        # What handles the mouse is told while it listens.
        for driver in self._drivers.values():
            driver.reset()
        for view in self.layoutManager._views():
            view._lookAway()

    def lookAtAll(self):
        """Let all views and panels be drawn as they are now, and from now on."""
        self._isLookedAt = True
        if self._enteredModule is not None:
            self._enteredModule.setUpdatesEnabled(True)
        for view in self.layoutManager._views():
            view._watch()

    def lookOnce(self):
        """Render what views that are followed show now: what VTK cannot draw, it complains about then."""
        for view in self.layoutManager._views():
            if view._isSeen:
                view._show()

    def addSliceView(self, name, orientation):
        """Add a slice view to the layout; `reset` takes it away again.

        :param orientation: "Axial", "Sagittal" or "Coronal".
        :return: its ViewDriver.
        """
        self.host.sliceViews.add(name, orientation)
        self.layoutManager._addSliceWidget(name, self.host.sliceViews.logic(name))
        self.processEvents()
        return self.view(name)

    def speak(self, localeName):
        """Be a Slicer in another language, before modules are loaded; `reset` goes back to English.

        :param localeName: such as "de_DE".
        """
        slicer.app._translators.localeName = localeName

    def setDevicePixelRatio(self, ratio):
        """Give all views that many device pixels per pixel of Qt; `reset` goes back to 1."""
        changed = [view for view in self.layoutManager._views() if view.VTKWidget().devicePixelRatioF() != ratio]
        for view in changed:
            view.VTKWidget()._setDevicePixelRatio(ratio)
        if changed:
            self.processEvents()

    def processEvents(self):
        """Handle all events that wait, those that Qt defers and those that are due before a person can act included."""
        eventLoop.turn()
        self._application.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
        self._settle()

    def _settle(self):
        for _turn in range(LONGEST_SETTLING_TURNS):
            self.messages.raiseInterruption()
            if not _somethingIsDue():
                break
            eventLoop.turn(wait=True)

    def waitUntil(self, condition, timeoutSeconds=10.0):
        """Run the event loop until a condition holds.

        :raises TimeoutError: if it does not in time.
        """
        end = time.monotonic() + timeoutSeconds
        # What other threads did wakes nobody by itself.
        wakeTimer = QtCore.QTimer()
        wakeTimer.start(LOOK_AGAIN_MILLISECONDS)
        while not condition():
            self.messages.raiseInterruption()
            if time.monotonic() > end:
                raise TimeoutError(f"Nothing came of {condition} in {timeoutSeconds} s")
            eventLoop.turn(wait=True)
        self._settle()

    def openModule(self, path):
        """Load a scripted module unless it is loaded, show its panel, and enter it as if the user had chosen it.

        :param path: the module's .py file.
        :return: the Python widget.
        """
        name = path.stem
        if name not in vars(slicer.moduleNames):
            scriptedModules.load(path)
        return self.enterModule(name)

    def enterModule(self, name):
        """Leave the module that is open and open another.

        :return: the Python widget.
        """
        if self.mainWindow is not None:
            self.mainWindow.moduleSelector().selectModule(name)
            widget = getattr(slicer.modules, name.lower()).widgetRepresentation()
            widget.setUpdatesEnabled(True)
        else:
            self.exitModule()
            widget = getattr(slicer.modules, name.lower()).widgetRepresentation()
            widget.setUpdatesEnabled(self._isLookedAt)
            widget.show()
            widget.enter()
        self._enteredModule = widget
        self.processEvents()
        return widget.self()

    def exitModule(self):
        """Leave the module that is open, if any."""
        if self.mainWindow is not None:
            self.mainWindow._leave()
        elif self._enteredModule is not None:
            self._enteredModule.exit()
            self._enteredModule.hide()
        self._enteredModule = None

    def openMainWindow(self):
        """Open the main window, with the views in it and the panel of the open module beside them.

        Without it Slicer's `mainWindow()` is None, as under --no-main-window.

        :return: the window.
        """
        self.exitModule()
        self.mainWindow = qSlicerMainWindow(self.layoutManager)
        self.mainWindow.show()
        self.mainWindow.activateWindow()
        self.processEvents()
        return self.mainWindow

    def closeMainWindow(self):
        """Close the main window; the views live on."""
        if self.mainWindow is None:
            return
        self.exitModule()
        self.mainWindow._releaseViews()
        self.mainWindow.close()
        self.mainWindow.deleteLater()
        self.mainWindow = None
        self._showViews()

    def closeModule(self, name):
        """Unload a module: its panel is cleaned up and gone, as when Slicer exits."""
        module = getattr(slicer.modules, name.lower())
        if module._widget is not None:
            if self._enteredModule is module._widget:
                self.exitModule()
            self.moduleManager.moduleAboutToBeUnloaded(name)
            self._closedPanels.append(module._widget)
            module._widget = None
        for attribute in (name.lower(), f"{name}Instance", f"{name}Widget"):
            vars(slicer.modules).pop(attribute, None)
        vars(slicer.moduleNames).pop(name)
        self.processEvents()

    def closeModules(self):
        """Unload all scripted modules."""
        for module in list(vars(slicer.modules).values()):
            if isinstance(module, scriptedModules.ModuleDescription):
                self.closeModule(module.name)

    def reset(self):
        """Everything as after the start: no modules, no scene, no mouse button held, default layout and settings."""
        self._closeScene(keepsModules=False)
        # Windows go now: one that waits for it when the process ends is deleted twice.
        self.processEvents()
        gc.collect()
        self.host.rememberAsClear()

    def closeScene(self):
        """As `reset`, but modules stay loaded and their panels live on, as when a user leaves the module, closes the
        scene and begins with the next patient."""
        self._closeScene(keepsModules=True)
        self.processEvents()
        self.host.rememberAsClear()

    def _closeScene(self, keepsModules):
        for driver in self._drivers.values():
            driver.reset()
        with self.unseen():
            if keepsModules:
                self.exitModule()
            else:
                self.closeModules()
            self.closeMainWindow()
            self._removeAddedViews()
            self._deafenClosedPanels()
            self.host.clearScene(self.layoutManager._sliceViewSizes())
            if not keepsModules:
                self._deleteWindows()
            self.setDevicePixelRatio(1)
            self.layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
            qt.QSettings().clear()
            slicer.app._translators.forget()
            slicerVersion.behaveAs(slicerVersion.NEWEST)
            self.fitViews()

    @contextlib.contextmanager
    def unseen(self):
        """Nobody looks: the pictures of views that are being emptied are not worth their time."""
        self.layoutManager.pauseRender()
        try:
            yield
        finally:
            self.layoutManager.resumeRender()

    def collectGarbageHere(self):
        """From now on only `reset` collects garbage, on this thread, until `gc.enable()`.

        Python collects on the thread that happens to allocate, and objects of Qt that another thread destroys while
        this one is in Qt's event loop end the process.
        """
        gc.disable()
        # What modules brought stays to the end: looking through it after every test takes longer than most tests.
        if len(sys.modules) != self._moduleCount:
            gc.collect()
            gc.freeze()
            self._moduleCount = len(sys.modules)

    def fitViews(self):
        """Give the slice nodes the size of their windows again, which `Host.clearScene` does not know."""
        if [widget for widget in self.layoutManager._sliceWidgets.values() if widget.sliceView()._fit()]:
            self.processEvents()

    def _removeAddedViews(self):
        for name in [name for name in self.layoutManager.sliceViewNames() if name not in DEFAULT_VIEWS]:
            self._drivers.pop(name, None)
            self.layoutManager._removeSliceWidget(name)
            self.host.sliceViews.remove(name)

    def _shutDown(self):
        # In this order and before the interpreter goes: otherwise VTK, Qt and Python free each other's objects.
        # What ends the process may be a Ctrl+C, which was collected then and must not end this.
        self.messages.clear()
        self.reset()
        for view in self.layoutManager._views():
            view._shutDown()
        for window in self._application.topLevelWidgets():
            shiboken6.delete(window)

    def _deleteWindows(self):
        # Closed panels go only now: parameterNodeWrapper writes to the widgets as long as there are nodes.
        self._closedPanels = []
        for window in self._application.topLevelWidgets():
            if window is not self.layoutManager.viewport() and window.parentWidget() is None:
                window.deleteLater()

    def _deafenClosedPanels(self):
        # The widgets of a closed panel are as good as gone: none needs to follow while the scene is emptied.
        for panel in self._closedPanels:
            for widget in QtCore.QObject.findChildren(panel, QtWidgets.QWidget):
                if isinstance(widget, SceneObserver):
                    widget._ignoreScene()

    def _setUpSettings(self):
        QtCore.QCoreApplication.setOrganizationName("NA-MIC")
        QtCore.QCoreApplication.setApplicationName("Slicer")
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        QtCore.QSettings.setPath(
            QtCore.QSettings.Format.IniFormat,
            QtCore.QSettings.Scope.UserScope,
            str(self.host.temporaryFolder / "settings"),
        )

    def _installModules(self):
        # Imported for their stand-ins.
        from slicerhost import mrmlWidgets, scriptedModuleWidget  # noqa: F401

        sys.modules["qt"] = qt
        sys.modules["ctk"] = ctk
        scriptedModules.install()
        slicer.qSlicerScriptedLoadableModule = scriptedModules.ModuleDescription

    def _createLayoutManager(self):
        from slicerhost.views.layoutManager import qSlicerLayoutManager

        for name, cls in STAND_INS.items():
            if name.startswith(("qMRML", "qSlicer")):
                setattr(slicer, name, cls)
        layoutManager = qSlicerLayoutManager(self.host.applicationLogic)
        for name in ("Red", "Yellow", "Green"):
            layoutManager._addSliceWidget(name, self.host.sliceViews.logic(name))
        return layoutManager

    def _showViews(self):
        viewport = self.layoutManager.viewport()
        viewport.resize(*WINDOW_SIZE)
        viewport.show()
        self.processEvents()


def _somethingIsDue():
    return any(_isDueSoon(timer) for timer in TIMERS if shiboken6.isValid(timer))


def _isDueSoon(timer):
    isRunning = QtCore.QTimer.isActive(timer) and QtCore.QTimer.isSingleShot(timer)
    return isRunning and timer.interval <= SOON_MILLISECONDS
