"""The demo's picture: slices of the CT with the box, the result and the radiologist's outline."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

RESULT_COLOR = "#f2683c"
REFERENCE_COLOR = "#35d0ba"
BOX_COLOR = "#ffd23f"
BACKGROUND = "#14171c"
TEXT_COLOR = "#e8eaed"

SMALL_PANELS = 8
#: Voxels shown around the tumour in the small panels.
MARGIN = 22


def drawOverview(path, voxels, found, reference, first, report):
    """Write the picture as PNG.

    :param path: where to.
    :param voxels: CT in Hounsfield units (K, J, I).
    :param found: the result, bool (K, J, I).
    :param reference: the radiologist's mask, bool (K, J, I).
    :param first: what the box on the first slice gave (:class:`BoxResult`).
    :param report: the demo's figures.
    """
    with pyplot.rc_context({"text.color": TEXT_COLOR, "font.size": 11}):
        figure = pyplot.figure(figsize=(16, 8.2), facecolor=BACKGROUND)
        grid = figure.add_gridspec(
            2, 6, left=0.015, right=0.985, top=0.86, bottom=0.075, wspace=0.04, hspace=0.1, width_ratios=[1] * 6
        )
        window = (first.window["lower"], first.window["upper"])
        largeAxes = figure.add_subplot(grid[:, :2])
        _drawSlice(largeAxes, first.prompt.sliceIndex, voxels, found, reference, window)
        _drawBox(largeAxes, first.prompt)
        largeAxes.set_title(f"slice {first.prompt.sliceIndex}: the only box drawn", color=BOX_COLOR)
        rows, columns = _surroundings(found | reference)
        for number, sliceIndex in enumerate(_panelSlices(found | reference)):
            axes = figure.add_subplot(grid[number // 4, 2 + number % 4])
            _drawSlice(axes, sliceIndex, voxels, found, reference, window)
            if sliceIndex == first.prompt.sliceIndex:
                _drawBox(axes, first.prompt)
            axes.set_xlim(columns)
            axes.set_ylim(rows[::-1])
            axes.set_title(f"slice {sliceIndex}", color=TEXT_COLOR)
        _drawTexts(figure, report)
        figure.savefig(path, dpi=110, facecolor=BACKGROUND)
        pyplot.close(figure)


def _drawSlice(axes, sliceIndex, voxels, found, reference, window):
    axes.imshow(voxels[sliceIndex], cmap="gray", vmin=window[0], vmax=window[1], interpolation="bilinear")
    fill = np.zeros((*found.shape[1:], 4))
    fill[found[sliceIndex]] = matplotlib.colors.to_rgba(RESULT_COLOR, 0.3)
    axes.imshow(fill, interpolation="nearest")
    for mask, color, width in ((found, RESULT_COLOR, 1.6), (reference, REFERENCE_COLOR, 1.6)):
        if mask[sliceIndex].any():
            axes.contour(mask[sliceIndex], levels=[0.5], colors=color, linewidths=width)
    axes.set_axis_off()


def _drawBox(axes, prompt):
    x0, y0, x1, y1 = prompt.box
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=BOX_COLOR, linewidth=2))


def _panelSlices(mask):
    """Return slice indices spread evenly over the object, its first and last slice included."""
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    return np.unique(np.linspace(slices[0], slices[-1], SMALL_PANELS).round().astype(int))


def _surroundings(mask):
    """Return ((first row, last row), (first column, last column)) of a square round the object."""
    rows, columns = (np.flatnonzero(mask.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    half = max(np.ptp(rows), np.ptp(columns)) / 2 + MARGIN
    return tuple(
        ((indices[0] + indices[-1]) / 2 - half, (indices[0] + indices[-1]) / 2 + half) for indices in (rows, columns)
    )


def _drawTexts(figure, report):
    figure.text(0.015, 0.945, "From one box to the whole tumor", fontsize=20, weight="bold")
    facts = (
        f"Dice {report['dice']:.3f} with the radiologist",
        f"{report['volume_ml']:.1f} ml on {report['slices']} slices "
        f"(radiologist: {report['reference_volume_ml']:.1f} ml on {report['reference_slices']})",
        f"{report['model_title']}, {report['window']['name']} window",
    )
    figure.text(0.015, 0.905, "   ·   ".join(facts), fontsize=13)
    handles = [
        Patch(facecolor=(*matplotlib.colors.to_rgb(RESULT_COLOR), 0.4), edgecolor=RESULT_COLOR, label="MedSAMSeg"),
        Line2D([], [], color=REFERENCE_COLOR, linewidth=2, label="radiologist"),
        Line2D([], [], color=BOX_COLOR, linewidth=2, label="box"),
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.01, 0.005),
        ncols=3,
        frameon=False,
        labelcolor=TEXT_COLOR,
        fontsize=13,
    )
    figure.text(
        0.985,
        0.02,
        "Chest CT: RIDER Lung CT, The Cancer Imaging Archive, CC BY 4.0",
        ha="right",
        fontsize=10,
        alpha=0.7,
    )
