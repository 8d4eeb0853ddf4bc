"""Qt's own complaints, which it prints and forgets: collected like VTK's."""

from PySide6 import QtCore

# Of the off-screen platform, about nothing that a panel did.
HARMLESS = ("This plugin does not support", "QStandardPaths: XDG_RUNTIME_DIR not set")


def collectInto(messages):
    """Add Qt's warnings and errors to Messages from now on."""

    def handle(kind, _context, text):
        isComplaint = kind not in (QtCore.QtMsgType.QtDebugMsg, QtCore.QtMsgType.QtInfoMsg)
        if isComplaint and not text.startswith(HARMLESS):
            messages.warnings.append(f"Qt: {text}")

    QtCore.qInstallMessageHandler(handle)
