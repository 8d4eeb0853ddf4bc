"""Pictures of a result for reports and papers: the slice, the objects on it, their boxes, a scale bar and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

#: x0, y0, x1, y1 in pixels of the slice; pixel centers are integers.
Box = tuple[float, float, float, float]
#: x and y in pixels of the slice, and 1 (on the object) or 0 (not on it).
Points = Sequence[tuple[float, float, int]]
#: Red, green and blue, 0…1.
Color = tuple[float, float, float]

#: How much of an object's color covers the slice.
FILL = 0.4
#: The longer side of a slice in the picture, in pixels; larger slices are shown pixel by pixel.
LONGER_SIDE = 900
#: … of each slice on a contact sheet.
SHEET_SIDE = 320

_BACKGROUND = (20, 23, 28)
_TEXT = (232, 234, 237)
_BOX = (80, 210, 255)
_TEXT_HEIGHT = 16
_MARGIN = 10
_SWATCH = 14
# Half the width of a point.
_POINT = 6
# A scale bar is at most this part of the picture's width.
_BAR_SHARE = 0.3


@dataclass(frozen=True)
class Shape:
    """One object on a slice.

    Attributes:
        name: for the legend.
        color: of its fill and outline.
        mask: bool (H, W).
        box: the box that the user drew there, if any.
        points: the user's points there.
    """

    name: str
    color: Color
    mask: NDArray[np.bool_]
    box: Box | None = None
    points: Points = ()


@dataclass(frozen=True)
class Panel:
    """One slice of a picture.

    Attributes:
        pixels: uint8 (H, W) or (H, W, 3), as the network sees them.
        shapes: the objects on it.
        spacing: distance between rows and between columns in millimeters; None where that is not known.
        title: written into the corner; nothing where it is empty.
    """

    pixels: NDArray[np.uint8]
    shapes: Sequence[Shape]
    spacing: tuple[float, float] | None = None
    title: str = ""

    def cropped(self, x0: int, y0: int, x1: int, y1: int) -> Panel:
        """Return the part from column x0 and row y0 to before x1 and y1."""

        def moved(box: Box | None) -> Box | None:
            return None if box is None else (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)

        shapes = [
            replace(
                each,
                mask=each.mask[y0:y1, x0:x1],
                box=moved(each.box),
                points=[(x - x0, y - y0, kind) for x, y, kind in each.points],
            )
            for each in self.shapes
        ]
        return Panel(self.pixels[y0:y1, x0:x1], shapes, self.spacing, self.title)

    def flipped(self, rows: bool, columns: bool) -> Panel:
        """Return the slice with its rows, its columns or both in reverse order."""
        order = (slice(None, None, -1 if rows else 1), slice(None, None, -1 if columns else 1))
        height, width = self.pixels.shape[:2]

        def moved(box: Box | None) -> Box | None:
            if box is None:
                return None
            x0, y0, x1, y1 = box
            x0, x1 = (width - 1 - x1, width - 1 - x0) if columns else (x0, x1)
            y0, y1 = (height - 1 - y1, height - 1 - y0) if rows else (y0, y1)
            return (x0, y0, x1, y1)

        shapes = [
            replace(
                each,
                mask=each.mask[order],
                box=moved(each.box),
                points=[
                    (width - 1 - x if columns else x, height - 1 - y if rows else y, kind) for x, y, kind in each.points
                ],
            )
            for each in self.shapes
        ]
        return Panel(self.pixels[order], shapes, self.spacing, self.title)


def draw_overlay(panel: Panel) -> Image.Image:
    """Return the picture of one slice, with a legend below it."""
    return _with_legend(draw_panel(panel, LONGER_SIDE), panel.shapes)


def draw_sheet(panels: Sequence[Panel]) -> Image.Image:
    """Return the picture of several slices of one shape, row by row in a nearly square sheet, with one legend."""
    drawn = [draw_panel(panel, SHEET_SIDE) for panel in panels]
    width, height = drawn[0].size
    columns = int(np.ceil(np.sqrt(len(drawn) * height / width)))
    rows = -(-len(drawn) // columns)
    gap = _MARGIN // 2
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), _BACKGROUND)
    for number, picture in enumerate(drawn):
        sheet.paste(picture, (number % columns * (width + gap), number // columns * (height + gap)))
    named = {shape.name: shape for panel in panels for shape in panel.shapes}
    has_box = any(shape.box for panel in panels for shape in panel.shapes)
    return _with_legend(sheet, list(named.values()), has_box)


def draw_panel(panel: Panel, longer_side: int) -> Image.Image:
    """Return a slice with its objects: fill, outline, box, title and scale bar; pixels as wide as they really are."""
    wide, high = _scales(panel, longer_side)
    rows, columns = panel.pixels.shape[:2]
    size = (max(1, round(columns * wide)), max(1, round(rows * high)))
    pixels = np.ascontiguousarray(panel.pixels)
    colors = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    canvas = np.asarray(cv2.resize(colors, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    for shape in panel.shapes:
        _draw_mask(canvas, shape)
    picture = Image.fromarray(canvas)
    draw = ImageDraw.Draw(picture)
    for shape in panel.shapes:
        _draw_prompts(draw, shape, wide, high)
    if panel.title:
        _write(draw, (_MARGIN, _MARGIN), panel.title)
    if panel.spacing is not None:
        _draw_scale_bar(draw, picture.size, wide / panel.spacing[1])
    return picture


def _draw_prompts(draw: ImageDraw.ImageDraw, shape: Shape, wide: float, high: float) -> None:
    """Draw an object's box and points; ``wide`` and ``high`` as ``_scales`` gives them."""
    if shape.box is not None:
        x0, y0, x1, y1 = shape.box
        draw.rectangle(
            ((x0 + 0.5) * wide, (y0 + 0.5) * high, (x1 + 0.5) * wide, (y1 + 0.5) * high), outline=_BOX, width=2
        )
    for x, y, kind in shape.points:
        _draw_point(draw, ((x + 0.5) * wide, (y + 0.5) * high), kind == 1)


def _draw_point(draw: ImageDraw.ImageDraw, place: tuple[float, float], is_on_object: bool) -> None:
    """Draw a disk on the object, a cross beside it, each with a dark rim."""
    x, y = place
    if is_on_object:
        draw.ellipse((x - _POINT, y - _POINT, x + _POINT, y + _POINT), _BOX, _BACKGROUND, 1)
        return
    for color, width in ((_BACKGROUND, 5), (_BOX, 2)):
        draw.line((x - _POINT, y - _POINT, x + _POINT, y + _POINT), color, width)
        draw.line((x - _POINT, y + _POINT, x + _POINT, y - _POINT), color, width)


def _scales(panel: Panel, longer_side: int) -> tuple[float, float]:
    """Return how many pixels of the picture a column and a row of the slice take."""
    row, column = panel.spacing or (1.0, 1.0)
    finer = min(row, column)
    rows, columns = panel.pixels.shape[:2]
    scale = max(1.0, longer_side / max(rows * row / finer, columns * column / finer))
    return scale * column / finer, scale * row / finer


def _draw_mask(canvas: NDArray[np.uint8], shape: Shape) -> None:
    height, width = canvas.shape[:2]
    large = cv2.resize(shape.mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    color = [round(255 * part) for part in shape.color]
    inside = large > 0
    canvas[inside] = np.rint((1 - FILL) * canvas[inside] + FILL * np.array(color)).astype(np.uint8)
    contours, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, contours, -1, color, 2, cv2.LINE_AA)


def _draw_scale_bar(draw: ImageDraw.ImageDraw, size: tuple[int, int], pixels_per_mm: float) -> None:
    width, height = size
    length = bar_length(_BAR_SHARE * width / pixels_per_mm)
    x0, y = _MARGIN, height - _MARGIN
    x1 = x0 + length * pixels_per_mm
    # A dark rim keeps the bar readable on bright tissue.
    draw.line((x0 - 1, y, x1 + 1, y), fill=_BACKGROUND, width=6)
    draw.line((x0, y, x1, y), fill=_TEXT, width=3)
    _write(draw, (x0, y - _TEXT_HEIGHT - 8), f"{length:g} mm")


def bar_length(most: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most ``most`` (millimeters, positive)."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most * (1 + 1e-9)))


def _with_legend(picture: Image.Image, shapes: Sequence[Shape], has_box: bool | None = None) -> Image.Image:
    """Return a picture with the names of its objects below it, in as many rows as they take."""
    font = _font()
    entries = [(shape.name, _bytes(shape.color)) for shape in shapes]
    if has_box or (has_box is None and any(shape.box for shape in shapes)):
        entries.append(("box", _BOX))
    places: list[tuple[float, int]] = []
    x, row = float(_MARGIN), 0
    for name, _ in entries:
        taken = _SWATCH + 6 + font.getlength(name) + 2 * _MARGIN
        if x > _MARGIN and x + taken > picture.width:
            x, row = float(_MARGIN), row + 1
        places.append((x, row))
        x += taken
    line = _TEXT_HEIGHT + _MARGIN
    whole = Image.new("RGB", (picture.width, picture.height + (row + 1) * line + _MARGIN), _BACKGROUND)
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    for (name, color), (left, number) in zip(entries, places, strict=True):
        top = picture.height + _MARGIN + number * line
        draw.rectangle((left, top, left + _SWATCH, top + _SWATCH), fill=color)
        draw.text((left + _SWATCH + 6, top - 2), name, fill=_TEXT, font=font)
    return whole


def _write(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str) -> None:
    draw.text(place, text, fill=_TEXT, font=_font(), stroke_width=2, stroke_fill=_BACKGROUND)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT_HEIGHT)


def _bytes(color: Color) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in color)
    return red, green, blue
