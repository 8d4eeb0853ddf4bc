"""`slicer.ScriptedLoadableModule`: the bases of a scripted module's classes (as in Slicer 5.12)."""

import logging
import sys
import unittest
from pathlib import Path

import slicer
import slicer.util

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


def _resourcePath(modulePath, fileName):
    return str(Path(modulePath).parent / "Resources" / fileName)


class ScriptedLoadableModule:
    """Base of module classes: title, texts, icon and self-test."""

    def __init__(self, parent):
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = ""
        parent.categories = []
        parent.dependencies = []
        parent.contributors = []
        parent.helpText = ""
        parent.acknowledgementText = ""
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, fileName):
        """:return: path of a file in the module's Resources."""
        return _resourcePath(self.parent.path, fileName)

    def getDefaultModuleDocumentationLink(self, docPage=None):
        """:return: a sentence for the help text, with a link."""
        url = (
            slicer.app.documentationBaseUrl + docPage if docPage else slicer.app.moduleDocumentationUrl(self.moduleName)
        )
        return f'<p>For more information see the <a href="{url}">online documentation</a>.</p>'

    def runTest(self, msec=100, **keywords):
        """Run the module's test class."""
        testClass = getattr(sys.modules[type(self).__module__], f"{self.moduleName}Test")
        test = testClass()
        test.messageDelay = msec
        test.runTest(**keywords)


class ScriptedLoadableModuleWidget:
    """Base of panels. The application makes it with its parent widget and calls `setup`."""

    def __init__(self, parent=None):
        super().__init__()
        import qt

        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, converter=slicer.util.toBool)
        self.parent = parent
        if parent is None:
            self.parent = slicer.qMRMLWidget()
            self.parent.setLayout(qt.QVBoxLayout())
            self.parent.setMRMLScene(slicer.mrmlScene)
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, fileName):
        """:return: path of a file in the module's Resources."""
        return _resourcePath(slicer.util.modulePath(self.moduleName), fileName)

    def setup(self):
        """Build the panel; modules override it. Slicer adds its "Reload & Test" section here in developer mode."""

    def cleanup(self):
        """Called before the panel goes; modules override it."""

    def onReload(self):
        """The "Reload" button."""
        slicer.util.reloadScriptedModule(self.moduleName)

    def onReloadAndTest(self, **keywords):
        """The "Reload and Test" button."""
        with slicer.util.tryWithErrorDisplay("Reload and Test failed."):
            self.onReload()
            slicer.selfTests[self.moduleName](msec=0, **keywords)

    def _onModuleAboutToBeUnloaded(self, moduleName):
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)


class ScriptedLoadableModuleLogic:
    """Base of logics: finds or makes the module's parameter node."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self):
        """:return: the module's first vtkMRMLScriptedModuleNode, made if there is none."""
        if self.isSingletonParameterNode:
            node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        else:
            node = next(iter(self.getAllParameterNodes()), None)
        if node is None:
            return slicer.mrmlScene.AddNode(self.createParameterNode())
        # Closing the scene may have removed it.
        node.SetAttribute("ModuleName", self.moduleName)
        return node

    def getAllParameterNodes(self):
        """:return: the module's parameter nodes."""
        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self):
        """:return: a new parameter node, not in the scene yet."""
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of a module's self-test; "Reload and Test" in Slicer calls its `runTest`."""

    def delayDisplay(self, message, requestedDelay=None, msec=None):
        """Show a message for a while; the host only logs it and lets events through."""
        logging.info(message)
        slicer.app.processEvents()

    def runTest(self):
        """Run all tests; modules override it."""
        logging.warning("No test is defined in %s", type(self).__name__)
