"""Stands in for PythonSlicer, which is CTKAppLauncher under another name: runs bin/python-real as a child.

Its rules, from CTKAppLauncher 0.1.34 (Base/ctkAppLauncher.cpp) and Slicer 5.12 (9034c71; the same in 5.10, 66f3d12):

| rule | source |
|---|---|
| the interpreter is a child process with the launcher's own standard streams | ctkAppLauncher.cpp, runProcess: ForwardedChannels |
| nothing is done on signals: a launcher that is killed leaves its child | Main.cpp; no handler anywhere |
| the exit status is the child's; 1 with a sentence when a signal ended it | ctkAppLauncher.cpp, applicationFinished |
| links to the launcher are followed; all folders are relative to where it lies | ctkAppLauncher.cpp, extractLauncherNameAndDir |
| options --launch and --launcher-… are the launcher's, others the interpreter's | ctkAppLauncher.cpp, initialize |
| variables are replaced, whatever the user has set | ctkAppLauncher.cpp, buildEnvironment |
| path variables get the launcher's folders in front of the user's | ctkAppLauncher.cpp, buildEnvironment |
| every variable is kept as APPLAUNCHER_0_…, and APPLAUNCHER_LEVEL counts | ctkAppLauncherEnvironment.cpp, saveEnvironment |
| VARIABLES, PATHS below | SuperBuild/python_configure_python_launcher.cmake, SuperBuild/External_python.cmake, CMake/SlicerBlockCTKAppLauncherSettings.cmake |

Stricter: all options of the launcher are refused, because nothing here may need one.
"""  # noqa: E501

# Without pathlib, which takes longer to import than all the rest.
# ruff: noqa: PTH118, PTH120

import os
import signal
import subprocess
import sys

BIN = os.path.dirname(os.path.realpath(__file__))
HOME = os.path.dirname(BIN)
MODULES = "lib/Slicer-5.12"
STANDARD_LIBRARY = "lib/Python/lib/python{}.{}".format(*sys.version_info[:2])

#: Set, relative to Slicer's folder where they begin with one.
VARIABLES = {
    "PYTHONHOME": "{home}/lib/Python",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "SSL_CERT_FILE": "{home}/share/Slicer-5.12/Slicer.crt",
    "SLICER_HOME": "{home}",
    "ITK_AUTOLOAD_PATH": "{home}/" + f"{MODULES}/ITKFactories",
    "QTWEBENGINE_DISABLE_SANDBOX": "1",
}

LIBRARIES = ["bin", MODULES, "lib/Python/lib", f"{MODULES}/cli-modules", f"{MODULES}/qt-loadable-modules"]

#: Put in front, folders in Slicer's.
PATHS = {
    "PATH": ["bin", "lib/Python/bin", f"{MODULES}/cli-modules"],
    "LD_LIBRARY_PATH": LIBRARIES,
    "LibraryPaths": LIBRARIES,
    "QT_PLUGIN_PATH": ["lib/QtPlugins"],
    "PYTHONPATH": [
        MODULES,
        f"{MODULES}/qt-scripted-modules",
        f"{MODULES}/qt-loadable-modules",
        "bin/Python",
        f"{MODULES}/qt-loadable-modules/Python",
        STANDARD_LIBRARY,
        f"{STANDARD_LIBRARY}/lib-dynload",
        f"{STANDARD_LIBRARY}/site-packages",
    ],
}


def environment(before):
    """:return: the interpreter's environment, made from the launcher's own."""
    made = dict(before)
    made.update({name: value.format(home=HOME) for name, value in VARIABLES.items()})
    for name, folders in PATHS.items():
        own = [os.path.join(HOME, folder) for folder in folders]
        made[name] = os.pathsep.join([*own, *filter(None, [made.get(name)])])
    level = int(before.get("APPLAUNCHER_LEVEL", "0"))
    made.update({f"APPLAUNCHER_{level}_{name}": value for name, value in before.items() if "APPLAUNCHER_" not in name})
    made["APPLAUNCHER_LEVEL"] = str(level + 1)
    return made


def main(words):
    """Run the interpreter with these words, and wait for its end; return the exit status."""
    refused = [word for word in words if word == "--launch" or word.startswith("--launcher-")]
    if refused:
        print(f"error: {refused[0]} is an option of the launcher", file=sys.stderr)
        return 1
    # Python alone would make an exception of it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    program = os.path.join(BIN, "python-real")
    status = subprocess.Popen([program, *words], env=environment(os.environ)).wait()
    if status < 0:
        print(f"error: [{program}] exit abnormally - Report the problem.", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
