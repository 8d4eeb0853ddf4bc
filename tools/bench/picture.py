"""The main rows as a picture for the README."""

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot

BARS = (
    ("MedSAM ViT-B\nencoder", "vit_b_encoder_vs_segment_anything"),
    ("LiteMedSAM\nencoder", "lite_encoder_vs_eager"),
    ("MedSAM ViT-B\ndecoder, one box", "vit_b_decoder_vs_segment_anything"),
    ("LiteMedSAM\ndecoder, one box", "decoder_vs_eager"),
)


def drawPicture(path, ratios, machine):
    """Write how many times as fast as the authors' code MedSAMSeg is.

    :param path: of the PNG.
    :param ratios: {name: ratio}.
    :param machine: description of the computer.
    """
    names = [(title, ratios[name]) for title, name in BARS if name in ratios]
    figure, axes = pyplot.subplots(figsize=(7, 2.6), dpi=140)
    titles, values = zip(*names, strict=True)
    bars = axes.barh(titles, values, color="#2a6f97", height=0.6)
    axes.bar_label(bars, [f"{value:.1f}×" for value in values], padding=4)
    axes.axvline(1, color="#888888", linewidth=1)
    axes.set_xlabel(f"times as fast as the authors' PyTorch code, {machine['cores']} cores, no graphics card")
    axes.invert_yaxis()
    axes.set_xlim(0, max(values) * 1.15)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
