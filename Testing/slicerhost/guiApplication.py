"""`slicer.app` with windows: what Slicer's Python layer and module panels use of qSlicerApplication."""

from PySide6 import QtCore, QtWidgets

from slicerhost import eventLoop
from slicerhost.application import Application
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.pythonQt.instances import adopted
from slicerhost.standIn import StandIn
from slicerhost.translators import Translators


@standIn
class qSlicerCoreApplication(qt.QObject):
    """Stands in for qSlicerCoreApplication: its signals that QApplication has not."""

    startupCompleted = QtCore.Signal()


class CommandOptions(StandIn):
    """What `slicer.app.commandOptions()` returns: how Slicer was started."""

    standsFor = "qSlicerCommandOptions"

    def __init__(self):
        self.runPythonAndExit = False


class GuiApplication(Application):
    """`slicer.app`."""

    def __init__(self, scene, applicationLogic, temporaryPath, layoutManager, moduleManager):
        super().__init__(scene, applicationLogic, temporaryPath)
        self.documentationBaseUrl = "https://slicer.readthedocs.io/en/5.12/"
        self._qtApplication = adopted(QtWidgets.QApplication.instance())
        self._ownSignals = qSlicerCoreApplication()
        self._layoutManager = layoutManager
        self._moduleManager = moduleManager
        self._commandOptions = CommandOptions()
        self._translators = Translators()

    @property
    def aboutToQuit(self):
        """The signal of that name."""
        return self._qtApplication.aboutToQuit

    def connect(self, signature, *target):
        """Connect a signal."""
        return self._senderOf(signature).connect(signature, *target)

    def disconnect(self, signature, *target):
        """Disconnect a signal."""
        return self._senderOf(signature).disconnect(signature, *target)

    def _senderOf(self, signature):
        return self._ownSignals if signature == "startupCompleted()" else self._qtApplication

    def _completeStartup(self):
        self._ownSignals.startupCompleted()

    def processEvents(self):
        """Handle all events that wait."""
        eventLoop.turn()

    def commandOptions(self):
        """:return: how the application was started."""
        return self._commandOptions

    def exit(self, status):
        """Leave the event loop, with the status of the process."""
        QtWidgets.QApplication.exit(status)

    def layoutManager(self):
        """:return: the views."""
        return self._layoutManager

    def moduleManager(self):
        """:return: the modules."""
        return self._moduleManager

    def pauseRender(self):
        """Pause rendering of all views."""
        self._layoutManager.pauseRender()

    def resumeRender(self):
        """Resume rendering of all views."""
        self._layoutManager.resumeRender()

    def settings(self):
        """:return: the application's settings."""
        return qt.QSettings()

    def userSettings(self):
        """:return: the same settings."""
        return qt.QSettings()

    def topLevelWidgets(self):
        """:return: all windows, hidden ones too."""
        return adopted(QtWidgets.QApplication.topLevelWidgets())

    def setOverrideCursor(self, cursor):
        """Show a mouse pointer everywhere until `restoreOverrideCursor`."""
        QtWidgets.QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self):
        """Undo the last `setOverrideCursor`."""
        QtWidgets.QApplication.restoreOverrideCursor()

    def palette(self):
        """:return: the application's colors."""
        return QtWidgets.QApplication.palette()

    def font(self):
        """:return: the application's font."""
        return QtWidgets.QApplication.font()

    def keyboardModifiers(self):
        """:return: which modifier keys are held."""
        return QtWidgets.QApplication.keyboardModifiers()

    def moduleDocumentationUrl(self, moduleName):
        """:return: where a module is documented."""
        return f"{self.documentationBaseUrl}user_guide/modules/{moduleName.lower()}.html"

    def translate(self, context, text):
        """:return: the text in the application's language."""
        return QtCore.QCoreApplication.translate(context, text)

    @property
    def applicationLocaleName(self):
        """Name of the application's language."""
        return self._translators.localeName

    def loadTranslations(self, folder):
        """Use the compiled translations of a folder for the application's language."""
        self._translators.load(folder)
