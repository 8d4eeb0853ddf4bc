"""DICOM in color and over time: secondary captures, palettes, YBR, X-rays shown inverted, ultrasound, endoscopy."""

import io

import av
import numpy as np
import pytest
from phantom_writing import base, save, write_slices
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, RLELossless
from test_segment_command import networks  # noqa: F401

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.dicom_films import open_film
from medsamseg_server.image_io.film_names import is_film
from medsamseg_server.image_io.reading import read_image

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.3.1"
ENDOSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MPEG4 = UID("1.2.840.10008.1.2.4.102")
FRAMES, HEIGHT, WIDTH = 5, 48, 64
BOX = ["--box", "9,9,30,24", "--slice", "0"]


def film():
    """A reddish square on blue that moves two pixels a frame; (T, H, W, 3)."""
    frames = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    frames[:] = (20, 30, 60)
    for time in range(FRAMES):
        frames[time, 10:24, 10 + 2 * time : 30 + 2 * time] = (220, 160, 140)
    return frames


def colored(frames, sop_class, kind="RGB"):
    """A dataset with colors (…, H, W, 3), uncompressed."""
    single = len(frames) == 1
    ds = base(frames[0, ..., 0] if single else frames[..., 0], sop_class, "OT")
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, kind
    stored = frames
    if kind == "YBR_FULL":
        stored = np.stack([np.asarray(Image.fromarray(frame).convert("YCbCr")) for frame in frames])
    ds.PixelData = np.ascontiguousarray(stored).tobytes()
    return ds


def rgb(frames, sop_class):
    return colored(frames, sop_class)


def planes(frames, sop_class):
    ds = colored(frames, sop_class)
    ds.PlanarConfiguration = 1
    ds.PixelData = np.ascontiguousarray(frames.transpose(0, 3, 1, 2)).tobytes()
    return ds


def ybr(frames, sop_class):
    return colored(frames, sop_class, "YBR_FULL")


def jpeg(frames, sop_class):
    ds = colored(frames, sop_class, "YBR_FULL")
    parts = []
    for frame in frames:
        stream = io.BytesIO()
        Image.fromarray(frame).save(stream, "JPEG", quality=100, subsampling=0)
        parts.append(stream.getvalue())
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate(parts)
    ds["PixelData"].is_undefined_length = True
    return ds


def rle(frames, sop_class):
    ds = colored(frames, sop_class)
    ds.compress(RLELossless)
    return ds


def palette(frames, sop_class):
    colors, numbers = np.unique(frames.reshape(-1, 3), axis=0, return_inverse=True)
    numbers = numbers.reshape(frames.shape[:3]).astype(np.uint8)
    ds = base(numbers[0] if len(frames) == 1 else numbers, sop_class, "OT")
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for name, values in zip(("Red", "Green", "Blue"), colors.T, strict=True):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [len(colors), 0, 16])
        table = (values.astype(np.uint16) << 8).tobytes()
        setattr(ds, f"{name}PaletteColorLookupTableData", table)
    return ds


#: What writes it, and how far the colors may be off: none but where the coding itself rounds.
KINDS = {
    "RGB": (rgb, 0),
    "RGB in planes": (planes, 0),
    "YBR": (ybr, 3),
    "JPEG": (jpeg, 4),
    "RLE": (rle, 0),
    "palette": (palette, 0),
}
kinds = pytest.mark.parametrize(("write", "off"), KINDS.values(), ids=KINDS)


@kinds
def test_a_picture_in_color_is_as_it_is_shown(tmp_path, write, off):
    path = save(write(film()[:1], SECONDARY_CAPTURE), tmp_path / "picture.dcm")
    array = read_image(path).array
    assert (array.shape, array.dtype) == ((1, HEIGHT, WIDTH, 3), np.uint8)
    assert np.abs(array[0].astype(int) - film()[0]).max() <= off


@kinds
def test_frames_over_time_are_a_film(tmp_path, write, off):
    ds = write(film(), ENDOSCOPY)
    ds.FrameTime = 40
    path = save(ds, tmp_path / "film.dcm")
    assert is_film(path)
    with open_film(path) as found:
        assert (found.frame_count, found.size) == (FRAMES, (HEIGHT, WIDTH))
        assert found.times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
        for index in (3, 0, 4, 1, 2):
            assert np.abs(found.frame(index).astype(int) - film()[index]).max() <= off


TIMES = {
    "frame time": ({"FrameTime": 33}, [0, 0.033, 0.066, 0.099, 0.132]),
    "vector": ({"FrameTimeVector": [0, 10, 20, 30, 40]}, [0, 0.01, 0.03, 0.06, 0.1]),
    "cine rate": ({"CineRate": 50}, [0, 0.02, 0.04, 0.06, 0.08]),
    "none": ({}, [0, 0.04, 0.08, 0.12, 0.16]),
}


@pytest.mark.parametrize(("fields", "times"), TIMES.values(), ids=TIMES)
def test_times_of_frames(tmp_path, fields, times):
    ds = rgb(film(), ULTRASOUND)
    for keyword, value in fields.items():
        setattr(ds, keyword, value)
    with open_film(save(ds, tmp_path / "film.dcm")) as found:
        assert found.times == pytest.approx(times)


@pytest.mark.parametrize("shown", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize(("bits", "stored"), [(8, 8), (16, 10)])
def test_gray_films_are_as_they_are_shown(tmp_path, shown, bits, stored):
    gray = film()[..., 0].astype(f"u{bits // 8}") * (1 if bits == 8 else 4)
    ds = base(gray, ULTRASOUND, "US")
    ds.PhotometricInterpretation, ds.BitsStored, ds.HighBit = shown, stored, stored - 1
    with open_film(save(ds, tmp_path / "film.dcm")) as found:
        frame = found.frame(2).astype(int)
    expected = film()[2, ..., :1].astype(int)
    assert np.abs(frame - (expected if shown == "MONOCHROME2" else 255 - expected)).max() <= 1


def test_a_film_stored_as_such_is_taken_out(tmp_path):
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in film():
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(video.encode())
    ds = colored(film(), ENDOSCOPY, "YBR_PARTIAL_420")
    ds.file_meta.TransferSyntaxUID = MPEG4
    ds.PixelData = encapsulate([stream.getvalue()])
    ds["PixelData"].is_undefined_length = True
    path = save(ds, tmp_path / "film.dcm")
    assert is_film(path)
    with open_film(path) as found:
        assert (found.frame_count, found.size, found.path) == (FRAMES, (HEIGHT, WIDTH), path)
        assert np.abs(found.frame(2).astype(int) - film()[2]).mean() < 8


@pytest.mark.usefixtures("networks")
def test_an_object_is_followed_through_a_dicom_film(run, tmp_path):
    path = save(rgb(film(), ULTRASOUND), tmp_path / "film.dcm")
    result = run("segment", path, *BOX, "-o", tmp_path / "masks", "--overlay", tmp_path / "o.mp4", "--csv")
    assert result.status == 0, result.err
    assert f"found on {FRAMES} of {FRAMES} frames" in result.out
    for time in range(FRAMES):
        mask = np.asarray(Image.open(tmp_path / f"masks/frame_{time}.png"))
        np.testing.assert_array_equal(mask > 0, film()[time, ..., 0] > 128)


@pytest.mark.usefixtures("networks")
def test_a_color_picture_is_segmented(run, tmp_path):
    path = save(palette(film()[:1], SECONDARY_CAPTURE), tmp_path / "skin.dcm")
    assert run("segment", path, *BOX, "-o", tmp_path / "mask.png").status == 0
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "mask.png")) > 0, film()[0, ..., 0] > 128)


def test_an_x_ray_without_a_place_is_inverted_where_it_is_shown_so(tmp_path):
    values = film()[0, ..., 0].astype(np.uint16) * 16
    ds = base(values, X_RAY, "DX")
    ds.PhotometricInterpretation, ds.BitsStored, ds.HighBit = "MONOCHROME1", 12, 11
    image = read_image(save(ds, tmp_path / "x.dcm"))
    np.testing.assert_array_equal(image.array[0], int(values.min()) + int(values.max()) - values)
    assert any("MONOCHROME1" in note for note in image.notes)


def test_slices_in_color_that_say_where_they_lie_are_a_volume(tmp_path):
    def change(ds, k):
        colors = film()[k]
        ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, "RGB"
        ds.PixelData = colors.tobytes()

    write_slices(tmp_path, film()[..., 0], change=change)
    image = read_image(tmp_path)
    np.testing.assert_array_equal(image.array, film())


def refusal(path):
    with pytest.raises(MedSAMSegError) as caught:
        read_image(path)
    return caught.value


def test_whole_slides_are_refused_with_the_way_out(run, tmp_path):
    path = save(rgb(film(), WHOLE_SLIDE), tmp_path / "slide.dcm")
    result = run("segment", path, *BOX, "-o", tmp_path / "m.png")
    assert result.status == 2
    assert "slide.dcm is a whole slide" in result.err
    assert "Export the region" in result.err
    (tmp_path / "slide.svs").write_bytes(b"II*\0")
    error = refusal(tmp_path / "slide.svs")
    assert (error.code, "PNG or TIFF" in error.hint) == ("image_whole_slide", True)


def test_a_folder_with_a_film_says_to_give_the_file(tmp_path):
    save(rgb(film(), ULTRASOUND), tmp_path / "film.dcm")
    assert "Give the file film.dcm itself" in refusal(tmp_path).hint


def test_a_film_that_was_cut_off_is_told(tmp_path):
    path = save(rgb(film(), ULTRASOUND), tmp_path / "film.dcm")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(MedSAMSegError, match="ends inside its pixels"):
        open_film(path)
