"""Slicer's folders on Linux, as far as a Python in them can tell: bin/PythonSlicer, bin/python-real, lib/Python."""

import os
import shutil
import ssl
import sys
import sysconfig
from pathlib import Path

PROGRAM = Path(__file__).with_name("pythonSlicer.py")
VERSION = "{}.{}".format(*sys.version_info[:2])


class SlicerLayout:
    """Slicer's Python in its folders, made from the interpreter that runs this.

    As in Slicer, nothing in the interpreter or its library says where its parts lie: not where the library is (no run
    path), and not where the standard library is (the folder that it was compiled for does not exist). The standard
    library is linked, pip is there, and what packages there are besides is said.

    :param folder: where; made.
    :param packages: folders of packages that are in this Slicer's Python beside pip.
    """

    def __init__(self, folder, packages=()):
        self.folder = Path(folder)
        #: The launcher.
        self.pythonSlicer = self.folder / "bin" / "PythonSlicer"
        #: The interpreter, which does not run without the launcher.
        self.pythonReal = self.folder / "bin" / "python-real"
        self.standardLibrary = self.folder / "lib" / "Python" / "lib" / f"python{VERSION}"
        self.sitePackages = self.standardLibrary / "site-packages"
        self._makeInterpreter()
        self._makeStandardLibrary(packages)
        self._makeCertificates()

    def _makeInterpreter(self):
        self.pythonReal.parent.mkdir(parents=True)
        self.standardLibrary.mkdir(parents=True)
        # Named by the run path, and by the fallback for the standard library; what Slicer's names exists nowhere. Only
        # the beginning is changed: linkers let shorter strings, such as the version, share the end.
        known = os.fsencode(sys.base_prefix)
        unknown = b"/nowhere"[: len(known)] + known[8:]
        programs = {Path(os.path.realpath(sys._base_executable)): self.pythonReal}
        library = Path(sysconfig.get_config_var("LIBDIR")) / sysconfig.get_config_var("INSTSONAME")
        if library.suffix != ".a" and library.is_file():
            programs[library] = self.standardLibrary.parent / library.name
        for source, target in programs.items():
            target.write_bytes(source.read_bytes().replace(known, unknown))
            target.chmod(0o755)
        first = f"#!{sys._base_executable} -IS\n"
        self.pythonSlicer.write_text(first + PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
        self.pythonSlicer.chmod(0o755)

    def _makeStandardLibrary(self, packages):
        for entry in Path(sysconfig.get_path("stdlib")).iterdir():
            if entry.name != "site-packages":
                (self.standardLibrary / entry.name).symlink_to(entry)
        self.sitePackages.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).glob("pip*"):
            (self.sitePackages / entry.name).symlink_to(entry)
        if packages:
            (self.sitePackages / "more.pth").write_text("\n".join(map(str, packages)) + "\n", encoding="utf-8")

    def _makeCertificates(self):
        share = self.folder / "share" / "Slicer-5.12"
        share.mkdir(parents=True)
        known = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
        if known:
            shutil.copy(known, share / "Slicer.crt")
