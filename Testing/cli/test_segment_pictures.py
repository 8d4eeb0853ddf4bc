"""`medsamseg segment` on flat pictures, in gray and color, with a network that finds what is bright in the box."""

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from PIL import Image
from test_segment_command import networks  # noqa: F401

BOX = ["--box", "9,7,25,20"]


def square(dtype=np.uint8, channels=0, bright=220):
    shape = (32, 40, channels) if channels else (32, 40)
    picture = np.full(shape, 20, dtype)
    picture[8:20, 10:25] = bright
    if channels:
        # A hue, since what is gray everywhere is no color picture.
        picture[..., 2] //= 2
    return picture


def truth():
    return square(bright=1) == 1


def save(path, pixels):
    Image.fromarray(pixels).save(path)
    return path


PICTURES = {
    "color PNG": lambda folder: save(folder / "p.png", square(channels=3)),
    "gray PNG": lambda folder: save(folder / "p.png", square()),
    "16-bit gray TIFF": lambda folder: tifffile.imwrite(folder / "p.tif", square(np.uint16, bright=50000)),
    "color TIFF": lambda folder: tifffile.imwrite(folder / "p.tif", square(channels=3), photometric="rgb"),
    "16-bit color TIFF": lambda folder: tifffile.imwrite(
        folder / "p.tif", square(np.uint16, 3, bright=60000), photometric="rgb"
    ),
    "flat NRRD": lambda folder: sitk.WriteImage(sitk.GetImageFromArray(square(np.int16)), str(folder / "p.nrrd")),
}


@pytest.fixture(params=PICTURES.values(), ids=PICTURES)
def picture(request, tmp_path):
    made = request.param(tmp_path) or next(tmp_path.glob("p.*"))
    return made


def slice_of(path):
    return ["--slice", "0"] if path.suffix == ".nrrd" else []


@pytest.mark.usefixtures("networks")
def test_a_picture_gives_a_picture_that_is_white_on_the_object(run, picture, tmp_path):
    result = run("segment", picture, *BOX, *slice_of(picture), "-o", tmp_path / "mask.png")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "mask.png")), truth() * 255)
    assert "ml" not in result.out
    assert "backward" not in result.out


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("name", ["mask.tif", "mask.nrrd", "mask.seg.nrrd", "mask.nii.gz", "mask.mha"])
def test_masks_in_other_formats(run, tmp_path, name):
    picture = save(tmp_path / "p.png", square(channels=3))
    assert run("segment", picture, *BOX, "-o", tmp_path / name).status == 0
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name)))
    np.testing.assert_array_equal(np.squeeze(written) > 0, truth())


@pytest.mark.usefixtures("networks")
def test_several_objects_have_a_gray_level_each_which_is_told(run, tmp_path):
    picture = square(channels=3)
    picture[24:30, 2:8] = 220
    save(tmp_path / "p.png", picture)
    (tmp_path / "boxes.json").write_text(
        '{"objects": [{"name": "Large", "prompts": [{"slice": 0, "box": [9, 7, 25, 20]}]},'
        ' {"name": "Small", "prompts": [{"slice": 0, "box": [1, 23, 8, 30]}]}]}'
    )
    result = run("segment", tmp_path / "p.png", "--prompts", tmp_path / "boxes.json", "-o", tmp_path / "mask.png")
    assert result.status == 0
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    np.testing.assert_array_equal(mask == 1, truth())
    assert (mask[24:30, 2:8] == 2).all()
    assert "Gray levels of the mask: 1 Large, 2 Small." in result.err


@pytest.mark.usefixtures("networks")
def test_the_overlay_of_a_picture_has_no_scale_bar(run, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("medsamseg_server.image_io.overlay._draw_scale_bar", lambda *_: drawn.append(True))
    picture = save(tmp_path / "p.png", square(channels=3))
    assert run("segment", picture, *BOX, "-o", tmp_path / "m.png", "--overlay", tmp_path / "o.png").status == 0
    assert drawn == []
    assert (tmp_path / "o.png").exists()


@pytest.mark.usefixtures("networks")
def test_a_turned_photograph_takes_boxes_as_it_is_shown(run, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    # Stored lying: turned clockwise by 90 degrees, it is the picture of the other tests.
    Image.fromarray(np.rot90(square(channels=3))).save(tmp_path / "p.png", exif=exif)
    result = run("segment", tmp_path / "p.png", *BOX, "-o", tmp_path / "mask.png")
    assert result.status == 0
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "mask.png")), truth() * 255)
    assert "turned" in result.err


@pytest.mark.usefixtures("networks")
def test_a_volume_does_not_fit_into_a_picture(run, tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 32, 40), np.uint8)), str(tmp_path / "v.nrrd"))
    result = run("segment", tmp_path / "v.nrrd", *BOX, "--slice", "1", "-o", tmp_path / "m.png")
    assert result.status == 2
    assert "has 3 slices" in result.err


@pytest.mark.usefixtures("networks")
def test_a_window_for_colors_is_refused(run, tmp_path):
    picture = save(tmp_path / "p.png", square(channels=3))
    result = run("segment", picture, *BOX, "-o", tmp_path / "m.png", "--window", "soft")
    assert result.status == 2
    assert "A color image has no intensity window" in result.err
