"""Brings the panel's translations up to the sources: new texts are added as unfinished, those that are gone removed.

    make translations

writes `MedSAMSeg/Resources/Translations`: the .ts files for translators and Slicer's language packs, and the compiled
.qm files that Slicer loads. Says what is left to be translated.
"""

import subprocess
import sys
from pathlib import Path

import PySide6

from translations.messages import messages
from translations.translationFile import problems, readTranslations, writeTranslations

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg"
FOLDER = MODULE / "Resources" / "Translations"

#: Qt's name of each language, and the ending of its files, as Slicer's language packs write it.
LANGUAGES = {"de_DE": "de-DE"}


def compileTranslations(source, target):
    """Make the .qm file of a .ts file."""
    program = Path(PySide6.__file__).parent / "lrelease"
    subprocess.run([program, "-silent", source, "-qm", target], check=True)


def main():
    """Update and compile all languages.

    :return: exit status: 1 where something is left to be done.
    """
    texts = messages(MODULE)
    left = []
    for language, ending in LANGUAGES.items():
        path = FOLDER / f"MedSAMSeg_{ending}.ts"
        writeTranslations(path, language, texts, readTranslations(path))
        compileTranslations(path, path.with_suffix(".qm"))
        left += [f"{path.name}: {problem}" for problem in problems(texts, readTranslations(path))]
    print("\n".join(left) or "All texts are translated.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
