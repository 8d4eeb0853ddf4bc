"""The picture of a result: fill, outline, box, scale bar and legend where they belong, and which slices it shows."""

import numpy as np
import pytest

from medsamseg_server.cli.overlay_picture import MOST_SLICES, Outcome, check_overlay, write_overlay
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io import overlay
from medsamseg_server.image_io.image import Geometry
from medsamseg_server.image_io.overlay import Panel, Shape, bar_length, draw_overlay, draw_panel
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange

RED = (1.0, 0.0, 0.0)
BOX_COLOR = [80, 210, 255]
#: Gray levels as they are.
AS_THEY_ARE = IntensityRange("255,127.5", 0.0, 255.0, "custom")
UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)


def panel(mask, level=100, **options):
    return Panel(np.full(mask.shape, level, np.uint8), [Shape("Rod", RED, mask, options.pop("box", None))], **options)


def square(height=40, width=60, rows=slice(10, 30), columns=slice(20, 30)):
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


def drawn(*arguments, **options):
    return np.asarray(draw_panel(*arguments, **options))


def test_the_object_is_filled_by_two_fifths_and_the_rest_is_as_it_was():
    picture = drawn(panel(square()), longer_side=600)
    assert picture.shape == (400, 600, 3)
    assert picture[200, 250].tolist() == [162, 60, 60]
    assert picture[50, 50].tolist() == [100, 100, 100]


def test_the_outline_runs_along_the_objects_edge():
    picture = drawn(panel(square()), longer_side=600)
    assert picture[200, 200].tolist() == picture[100, 250].tolist() == [255, 0, 0]


def test_colors_of_the_slice_are_shown():
    colors = np.zeros((40, 60, 3), np.uint8)
    colors[:] = (10, 200, 30)
    picture = drawn(Panel(colors, []), longer_side=60)
    assert (picture == (10, 200, 30)).all()


def test_a_box_is_drawn_through_the_centers_of_its_pixels():
    picture = drawn(panel(np.zeros((40, 60), bool), box=(20, 10, 29, 29)), longer_side=600)
    rows, columns = np.nonzero((picture == BOX_COLOR).all(axis=2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (205, 295, 105, 295)


def test_pixels_are_as_wide_and_high_as_in_the_patient():
    assert drawn(panel(square(), spacing=(3.0, 1.0)), longer_side=120).shape == (120, 60, 3)
    assert drawn(panel(square(), spacing=(1.0, 3.0)), longer_side=180).shape == (40, 180, 3)


def test_a_large_slice_is_not_made_smaller():
    assert drawn(panel(np.zeros((1500, 1200), bool)), longer_side=600).shape == (1500, 1200, 3)


@pytest.mark.parametrize(
    ("most", "length"), [(1.0, 1), (1.99, 1), (2.0, 2), (49, 20), (50, 50), (99.9, 50), (100, 100), (0.03, 0.02)]
)
def test_scale_bars_have_round_lengths(most, length):
    assert bar_length(most) == pytest.approx(length)


def test_the_scale_bar_is_as_long_as_it_says(monkeypatch):
    written = []
    monkeypatch.setattr(overlay, "_write", lambda draw, place, text: written.append(text))
    picture = drawn(panel(np.zeros((100, 200), bool), spacing=(0.5, 0.5)), longer_side=400)
    # 200 columns of 0.5 mm are 100 mm; a bar takes less than three tenths of them.
    assert written == ["20 mm"]
    bar = np.flatnonzero((picture[-10] > 200).all(axis=1))
    assert bar[-1] - bar[0] == pytest.approx(80, abs=2)


def test_without_a_spacing_there_is_no_bar():
    assert (drawn(panel(np.zeros((100, 200), bool)), longer_side=400) == 100).all()


def test_the_legend_names_objects_and_box_below_the_picture():
    shapes = [Shape("Rod", RED, square(), (20, 10, 29, 29)), Shape("Other", (0.0, 1.0, 0.0), square())]
    picture = np.asarray(draw_overlay(Panel(np.zeros((40, 60), np.uint8), shapes)))
    legend = picture[600:]
    for color in ([255, 0, 0], [0, 255, 0], BOX_COLOR):
        assert (legend == color).all(axis=2).sum() >= 14 * 14


def test_a_long_legend_goes_on_in_further_rows():
    def height(count):
        shapes = [Shape(f"Lesion number {n}", RED, square()) for n in range(count)]
        return draw_overlay(Panel(np.zeros((40, 60), np.uint8), shapes)).height

    assert height(2) < height(12) < height(30)


@pytest.fixture
def shown(monkeypatch):
    """Says what `write_overlay` draws, by title, and whether on a sheet."""
    panels = {}

    def note(given):
        panels.update({each.title: each for each in (given if isinstance(given, list) else [given])})
        return draw_overlay(given[0] if isinstance(given, list) else given)

    monkeypatch.setattr("medsamseg_server.cli.overlay_picture.draw_sheet", note)
    monkeypatch.setattr("medsamseg_server.cli.overlay_picture.draw_overlay", note)
    return panels


def write(tmp_path, slices, boxes, axis=0, direction=UPRIGHT):
    mask = np.zeros((40, 32, 36), np.uint8)
    for index in slices:
        mask[(slice(None),) * axis + (index,)][5:10, 6:12] = 1
    volume = Volume.from_array(np.arange(mask.size, dtype=np.float32).reshape(mask.shape))
    outcomes = {"Rod": Outcome(RED, mask, boxes)}
    write_overlay(tmp_path / "o.png", volume, AS_THEY_ARE, axis, outcomes, Geometry((1, 1, 1), (0, 0, 0), direction))


def test_both_ends_and_the_box_are_among_the_slices(shown, tmp_path):
    write(tmp_path, range(3, 38), {17: (6, 5, 11, 9)})
    indices = [int(title.removeprefix("slice ")) for title in shown]
    assert len(indices) == MOST_SLICES
    assert indices == sorted(indices)
    assert {3, 17, 37} <= set(indices)


def test_a_prompted_slice_on_which_nothing_was_found_is_shown(shown, tmp_path):
    write(tmp_path, [], {17: (6, 5, 11, 9)})
    assert list(shown) == ["slice 17"]


def test_a_short_object_is_shown_whole(shown, tmp_path):
    write(tmp_path, range(3, 8), {4: (6, 5, 11, 9)})
    assert list(shown) == [f"slice {index}" for index in range(3, 8)]


@pytest.mark.parametrize(
    ("direction", "axis", "rows", "columns"),
    [
        (UPRIGHT, 0, False, False),
        (UPRIGHT, 1, True, False),
        (UPRIGHT, 2, True, False),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), 0, True, True),
        ((1, 0, 0, 0, 1, 0, 0, 0, -1), 1, False, False),
        ((0, 0, 1, 1, 0, 0, 0, -1, 0), 0, False, False),
    ],
    ids=["axial", "coronal", "sagittal", "axial stored as NIfTI does", "coronal, head first", "sagittal series"],
)
def test_slices_are_shown_as_radiologists_look_at_them(shown, tmp_path, direction, axis, rows, columns):
    write(tmp_path, [20], {20: (6, 5, 11, 9)}, axis, direction)
    (only,) = shown.values()
    mask = only.shapes[0].mask[:: -1 if rows else 1, :: -1 if columns else 1]
    assert mask[5:10, 6:12].all()
    x0, y0, x1, y1 = (int(corner) for corner in only.shapes[0].box)
    assert only.shapes[0].mask[y0 : y1 + 1, x0 : x1 + 1].all()


@pytest.mark.parametrize(
    ("name", "code"), [("o.jpg", "overlay_suffix"), ("o", "overlay_suffix"), ("there.png", "output_exists")]
)
def test_pictures_that_cannot_be_written_are_refused_before_anything_is_computed(tmp_path, name, code):
    (tmp_path / "there.png").touch()
    with pytest.raises(MedSAMSegError) as caught:
        check_overlay(tmp_path / name, overwrite=False)
    assert caught.value.code == code
    check_overlay(tmp_path / "there.png", overwrite=True)


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(MedSAMSegError) as caught:
        check_overlay(tmp_path / "none" / "o.png", overwrite=False)
    assert caught.value.code == "folder_missing"
