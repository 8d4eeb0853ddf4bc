"""The simulation as a picture for docs/cluster.md."""

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot, ticker

COLORS = ("#c1582a", "#2a6f97", "#5c8a3a", "#7a5195")
IDEAL = "#888888"


def drawPicture(path, curves, title):
    """Write how many scans an hour more machines make.

    :param path: of the PNG.
    :param curves: {shared folder's bytes per second: {machines: (scans an hour, what is busiest)}}.
    :param title: what was simulated.
    """
    figure, axes = pyplot.subplots(figsize=(7, 3.8), dpi=140)
    for color, (storage, points) in zip(COLORS, curves.items(), strict=False):
        machines, speeds = list(points), [speed for speed, _busiest in points.values()]
        axes.plot(machines, speeds, color=color, marker="o", label=f"folder of {storage / 1e9:g} GB/s")
        limited = [number for number, (_speed, busiest) in points.items() if busiest == "storage"]
        if limited:
            place = (limited[-1], points[limited[-1]][0])
            axes.annotate(
                "the folder is at its end", place, (0, -16), textcoords="offset points", ha="right", color=color
            )
    first, speed = machines[0], max(points[machines[0]][0] for points in curves.values())
    ideal = [speed * number / first for number in machines]
    axes.plot(machines, ideal, color=IDEAL, linestyle="--", linewidth=1, zorder=0, label="in proportion")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%d"))
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    axes.set_xticks(machines)
    axes.set_xlabel("machines")
    axes.set_ylabel("CT scans an hour")
    axes.set_title(title, fontsize=9)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
