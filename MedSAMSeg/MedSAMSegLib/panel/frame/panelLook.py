"""Icons and sizes that a .ui file cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt

ICON_FOLDER = Path(__file__).resolve().parents[3] / "Resources" / "Icons"

#: Button -> icon.
ICONS = {
    "addSegmentButton": "Add",
    "removeSegmentButton": "Remove",
    "drawButton": "Box",
    "deleteBoxButton": "Delete",
    "positivePointButton": "ObjectPoint",
    "negativePointButton": "BackgroundPoint",
    "notThisButton": "NotThis",
    "clearPointsButton": "ClearPoints",
    "propagateButton": "Propagate",
    "cancelButton": "Cancel",
    "cancelProposalsButton": "Cancel",
    "cancelFollowUpButton": "Cancel",
    "undoButton": "Undo",
    "redoButton": "Redo",
    "segmentEditorButton": "Edit",
}

#: Table -> height in lines of text: a few rows, then it scrolls.
TABLE_LINES = {"segmentsTable": 8, "boxesTable": 7, "proposalsTable": 7, "lesionsTable": 8, "followUpTable": 6}

#: The status line keeps this room, so that nothing moves under the pointer when the sentence changes.
STATUS_LINES = 2


def giveLook(ui: Any) -> None:
    """Put icons on the buttons, and give tables and status line a height that goes with the font.

    :param ui: the panel's widgets by name.
    """
    for buttonName, iconName in ICONS.items():
        getattr(ui, buttonName).setIcon(qt.QIcon(str(ICON_FOLDER / f"MedSAMSeg{iconName}.svg")))
    for tableName, lines in TABLE_LINES.items():
        table = getattr(ui, tableName)
        table.setFixedHeight(lines * table.fontMetrics().lineSpacing())
    ui.statusLabel.setMinimumHeight(STATUS_LINES * ui.statusLabel.fontMetrics().lineSpacing())
