"""Flat pictures, written by independent writers: pixels as viewers show them, and a clear word on what is none."""

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.pictures import is_picture, may_be_flat, read_picture
from medsamseg_server.image_io.reading import read_image

RANDOM = np.random.default_rng(3)
COLORS = RANDOM.integers(0, 256, (6, 9, 3)).astype(np.uint8)
GRAY = RANDOM.integers(0, 256, (6, 9)).astype(np.uint8)
DEEP_GRAY = RANDOM.integers(0, 65536, (6, 9)).astype(np.uint16)
DEEP_COLORS = RANDOM.integers(0, 65536, (6, 9, 3)).astype(np.uint16)


def save(path, pixels, mode=None, **options):
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


@pytest.mark.parametrize("name", ["p.png", "p.bmp", "p.webp", "P.PNG"])
def test_colors_are_those_that_were_saved(tmp_path, name):
    options = {"lossless": True} if name.endswith("webp") else {}
    pixels, notes = read_picture(save(tmp_path / name, COLORS, **options))
    np.testing.assert_array_equal(pixels, COLORS)
    assert (pixels.dtype, notes) == (np.uint8, ())


@pytest.mark.parametrize("name", ["p.png", "p.bmp", "p.gif"])
def test_gray_levels_are_those_that_were_saved(tmp_path, name):
    pixels, _ = read_picture(save(tmp_path / name, GRAY))
    np.testing.assert_array_equal(pixels, GRAY)


def test_a_jpeg_is_what_another_reader_makes_of_it(tmp_path):
    path = save(tmp_path / "eye.jpg", data.retina()[300:500, 300:520], quality=90)
    pixels, _ = read_picture(path)
    np.testing.assert_allclose(pixels.astype(int), cv2.imread(str(path))[..., ::-1], atol=3)


def test_a_gray_picture_saved_in_color_is_gray(tmp_path):
    pixels, _ = read_picture(save(tmp_path / "p.png", np.repeat(GRAY[..., None], 3, axis=2)))
    np.testing.assert_array_equal(pixels, GRAY)


@pytest.mark.parametrize(("array", "order"), [(DEEP_GRAY, 1), (DEEP_COLORS, -1)], ids=["gray", "color"])
def test_16_bits_are_kept(tmp_path, array, order):
    written = array[..., ::-1] if array.ndim == 3 else array
    cv2.imwrite(str(tmp_path / "p.png"), written)
    pixels, _ = read_picture(tmp_path / "p.png")
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, array)


def test_16_bit_colors_with_transparency(tmp_path):
    opacity = np.full((6, 9, 1), 65535, np.uint16)
    cv2.imwrite(str(tmp_path / "p.png"), np.concatenate([DEEP_COLORS[..., ::-1], opacity], axis=2))
    pixels, _ = read_picture(tmp_path / "p.png")
    np.testing.assert_array_equal(pixels, DEEP_COLORS)


def test_palettes_are_resolved(tmp_path):
    picture = Image.fromarray(COLORS).quantize(256)
    picture.save(tmp_path / "p.png")
    pixels, _ = read_picture(tmp_path / "p.png")
    np.testing.assert_array_equal(pixels, np.asarray(picture.convert("RGB")))


def test_black_and_white_is_0_and_255(tmp_path):
    pixels, _ = read_picture(save(tmp_path / "p.png", GRAY > 127))
    np.testing.assert_array_equal(pixels, np.where(GRAY > 127, 255, 0))


@pytest.mark.parametrize(("pixels", "mode"), [(COLORS, "RGBA"), (GRAY, "LA")])
def test_transparency_is_left_out_and_told_where_there_is_any(tmp_path, pixels, mode):
    picture = Image.fromarray(pixels).convert(mode)
    picture.save(tmp_path / "opaque.png")
    picture.putalpha(Image.fromarray(GRAY))
    picture.save(tmp_path / "clear.png")
    for name, told in (("opaque.png", False), ("clear.png", True)):
        found, notes = read_picture(tmp_path / name)
        np.testing.assert_array_equal(found, pixels)
        assert any("transparent" in note for note in notes) == told


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_read_as_it_is_shown(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / "p.png", COLORS, exif=exif)
    # Of the EXIF standard (CIPA DC-008, 4.6.4): where the stored row 0 and column 0 are on the shown picture.
    shown = {
        1: COLORS,
        2: COLORS[:, ::-1],
        3: COLORS[::-1, ::-1],
        4: COLORS[::-1],
        5: COLORS.transpose(1, 0, 2),
        6: COLORS.transpose(1, 0, 2)[:, ::-1],
        7: COLORS.transpose(1, 0, 2)[::-1, ::-1],
        8: COLORS.transpose(1, 0, 2)[::-1],
    }[orientation]
    pixels, notes = read_picture(tmp_path / "p.png")
    np.testing.assert_array_equal(pixels, shown)
    assert any("turned" in note for note in notes) == (orientation != 1)


def refusal(path):
    with pytest.raises(MedSAMSegError) as caught:
        read_picture(path)
    return caught.value


def test_colors_for_printing_are_refused_with_the_way_out(tmp_path):
    error = refusal(save(tmp_path / "p.jpg", COLORS, "CMYK"))
    assert error.code == "picture_kind"
    assert "CMYK" in error.message
    assert "RGB" in error.hint


def write_cmyk(path):
    save(path, COLORS, "CMYK")


def write_lab(path):
    tifffile.imwrite(path, COLORS, photometric="cielab")


def write_bilevel(path):
    Image.fromarray(COLORS[..., 0]).convert("1").save(path)


def write_channels(path):
    tifffile.imwrite(path, np.zeros((6, 9, 5), np.uint8), photometric="minisblack", planarconfig="contig")


def write_pyramid(path):
    large = np.kron(COLORS, np.ones((64, 64, 1), np.uint8))
    with tifffile.TiffWriter(path) as file:
        file.write(large, tile=(128, 128), subifds=1, photometric="rgb")
        file.write(large[::2, ::2], tile=(128, 128), subfiletype=1, photometric="rgb")


def write_scanned_slide(path):
    large = np.kron(COLORS, np.ones((64, 64, 1), np.uint8))
    with tifffile.TiffWriter(path) as file:
        file.write(large, tile=(128, 128), photometric="rgb", description="Aperio Image Library v11|MPP = 0.25")
        file.write(large[::4, ::4], tile=(128, 128), photometric="rgb")


@pytest.mark.parametrize(
    ("name", "write", "message", "way_out"),
    [
        ("cmyk.tif", write_cmyk, "CMYK colors", "as PNG"),
        ("lab.tif", write_lab, "LAB colors", "as PNG"),
        ("bilevel.tif", write_bilevel, "pixels of one bit", "8 bits, in gray"),
        ("channels.tif", write_channels, "5 values in each pixel", "as gray"),
        ("pyramid.tif", write_pyramid, "a whole slide", "Export the region"),
        ("slide.svs", write_scanned_slide, "a whole slide", "Export the region"),
    ],
)
def test_other_colors_and_pyramids_are_refused_with_the_way_out(tmp_path, name, write, message, way_out):
    write(tmp_path / name)
    # Nobody has to say which slice of a picture is meant, before it is said that it cannot be read.
    assert may_be_flat(tmp_path / name)
    with pytest.raises(MedSAMSegError) as caught:
        read_image(tmp_path / name)
    assert message in caught.value.message
    assert way_out in caught.value.hint


@pytest.mark.parametrize("name", ["p.gif", "p.webp"])
def test_an_animation_is_refused_with_the_number_of_its_frames(tmp_path, name):
    frames = [Image.fromarray(RANDOM.integers(0, 256, (6, 9, 4)).astype(np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    error = refusal(tmp_path / name)
    assert (error.code, "3 frames" in error.message) == ("picture_moves", True)
    assert "as PNG" in error.hint
    assert "as MP4" in error.hint


def test_what_is_no_picture_is_told(tmp_path):
    (tmp_path / "p.png").write_text("a letter")
    assert refusal(tmp_path / "p.png").code == "image_unreadable"


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "p.bmp", "p.webp", "p.gif"])
def test_half_a_picture_is_told(tmp_path, name):
    large = RANDOM.integers(0, 256, (200, 200, 3)).astype(np.uint8)
    whole = save(tmp_path / name, large).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / name).code in ("image_incomplete", "image_unreadable")


def test_half_a_picture_of_16_bits_is_told(tmp_path):
    cv2.imwrite(str(tmp_path / "p.png"), RANDOM.integers(0, 65536, (100, 100, 3)).astype(np.uint16))
    whole = (tmp_path / "p.png").read_bytes()
    (tmp_path / "p.png").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / "p.png").code == "image_incomplete"


@pytest.mark.parametrize(("name", "expected"), [("a.PNG", True), ("a.jpeg", True), ("a.tif", False), ("png", False)])
def test_pictures_are_told_by_their_names(tmp_path, name, expected):
    assert is_picture(tmp_path / name) is expected
