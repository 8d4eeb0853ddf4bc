"""What qSlicerCoreApplication knows of languages: which files it loads from a folder, and that they are used."""

from pathlib import Path

from PySide6 import QtCore

ENGLISH = "en_US"


class Translators:
    """The translations that are installed in the application.

    Which files these are, says `findTranslationFiles` in Slicer's Base/QTCore/qSlicerCoreApplication.cxx (9034c71).
    """

    def __init__(self):
        #: Name of the language, such as "de_DE".
        self.localeName = ENGLISH
        self._installed = []

    def load(self, folder):
        """Use all compiled translations of a folder that are for the language."""
        for path in self._files(Path(folder)):
            translator = QtCore.QTranslator()
            if not translator.load(str(path)):
                raise ValueError(f"{path} is no compiled translation")
            QtCore.QCoreApplication.installTranslator(translator)
            self._installed.append(translator)

    def forget(self):
        """Speak English again."""
        for translator in self._installed:
            QtCore.QCoreApplication.removeTranslator(translator)
        self._installed = []
        self.localeName = ENGLISH

    def _files(self, folder):
        for name in (self.localeName, self.localeName.split("_")[0]):
            found = {path for ending in (name, name.replace("_", "-")) for path in folder.glob(f"*{ending}.qm")}
            if found:
                return sorted(found)
        return []
