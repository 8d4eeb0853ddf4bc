"""How a training run has gone, as a table (CSV) and a picture (PNG)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from medsamseg_server.system.safe_files import replacing

#: Measures that are shares of 1, drawn together.
_LOSS = "loss"


def write_curves(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Write ``curves.csv`` and ``curves.png``.

    Args:
        folder: where to.
        rows: one per epoch, all with the same measures; ``epoch`` and ``loss`` among them.
    """
    with replacing(folder / "curves.csv") as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
    with replacing(folder / "curves.png") as temporary:
        _draw(temporary, rows)


def _draw(path: Path, rows: Sequence[dict[str, float]]) -> None:
    # Drawn without pyplot, which would look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    left.plot(epochs, [row[_LOSS] for row in rows], "o-", color="tab:gray")
    left.set_ylabel("training loss")
    measured = [name for name in rows[0] if name not in ("epoch", _LOSS, "score")]
    for name in measured:
        right.plot(epochs, [row[name] for row in rows], "o-", label=name)
    right.set_ylabel("validation")
    if measured:
        right.legend(fontsize="small")
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
