"""Films: every frame by its number, forward, backward and in any order, from files of several writers."""

import cv2
import numpy as np
import pytest
from PIL import Image

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io import films
from medsamseg_server.image_io.film_names import is_film
from medsamseg_server.image_io.films import Film, FilmVolume

COUNT = 30


def numbered():
    """Frames whose number can be read off them: a bright bar, three pixels longer from frame to frame."""
    frames = np.full((COUNT, 48, 96, 3), 40, np.uint8)
    for number, frame in enumerate(frames):
        frame[20:28, : 3 * (number + 1)] = (230, 180, 60)
    return frames


def number_on(frame):
    return round(np.count_nonzero(frame[24, :, 0].astype(int) > 130) / 3) - 1


ORDERS = {
    "forward": range(COUNT),
    "backward": range(COUNT - 1, -1, -1),
    "any": [17, 3, 29, 0, 16, 18, 17, 2, 28, 11],
}
KINDS = {
    "H.264 with frames that refer to later ones": ("film.mp4", "libx264", "yuv420p", {"g": "12", "bf": "2"}),
    "MPEG-4": ("film.avi", "mpeg4", "yuv420p", {"b": "4000000"}),
    "VP9": ("film.webm", "libvpx-vp9", "yuv420p", {}),
    "Motion JPEG": ("film.avi", "mjpeg", "yuvj420p", {}),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize(("name", "codec", "pixels", "options"), KINDS.values(), ids=KINDS)
def test_every_frame_is_the_one_of_its_number(write_film, order, name, codec, pixels, options):
    path = write_film(numbered(), name, codec, pixels=pixels, **options)
    with Film(path) as film:
        assert (film.frame_count, film.size) == (COUNT, (48, 96))
        assert [number_on(film.frame(number)) for number in order] == list(order)


def test_frames_are_exact_where_the_film_is(write_film):
    frames = np.random.default_rng(0).integers(0, 256, (5, 10, 12, 3)).astype(np.uint8)
    with Film(write_film(frames)) as film:
        for number, frame in enumerate(frames):
            np.testing.assert_array_equal(film.frame(number), frame)


def test_frames_come_back_in_order_when_few_are_kept(write_film, monkeypatch):
    monkeypatch.setattr(films, "_KEPT_BYTES", 4 * 48 * 96 * 3)
    path = write_film(numbered(), "film.mp4", "libx264", pixels="yuv420p", g="12", bf="2")
    with Film(path) as film:
        assert [number_on(film.frame(number)) for number in ORDERS["backward"]] == list(ORDERS["backward"])
        assert len(film._kept) == 4


def test_times_are_those_of_the_film(write_film):
    with Film(write_film(numbered(), rate=10)) as film:
        np.testing.assert_allclose(film.times, np.arange(COUNT) / 10, atol=1e-3)


def test_a_film_of_another_writer(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 15, (96, 48))
    if not writer.isOpened():
        pytest.fail("OpenCV cannot write films here")
    for frame in numbered():
        writer.write(frame[..., ::-1])
    writer.release()
    with Film(tmp_path / "film.avi") as film:
        assert [number_on(film.frame(number)) for number in ORDERS["any"]] == ORDERS["any"]


def test_an_animation_is_a_film_and_a_still_picture_is_none(tmp_path):
    pictures = [Image.fromarray(frame) for frame in numbered()]
    pictures[0].save(tmp_path / "film.gif", save_all=True, append_images=pictures[1:], duration=40)
    pictures[0].save(tmp_path / "still.gif")
    assert is_film(tmp_path / "film.gif")
    assert not is_film(tmp_path / "still.gif")
    with Film(tmp_path / "film.gif") as film:
        assert [number_on(film.frame(number)) for number in ORDERS["any"]] == ORDERS["any"]


@pytest.mark.parametrize(("name", "expected"), [("a.MP4", True), ("a.mkv", True), ("a.png", False), ("mp4", False)])
def test_films_are_told_by_their_names(tmp_path, name, expected):
    assert is_film(tmp_path / name) is expected


def test_a_film_is_a_volume_of_frames(write_film):
    with Film(write_film(numbered())) as film:
        volume = FilmVolume(film)
        assert (volume.shape, volume.is_color, volume.slice_size(0, 3)) == ((COUNT, 48, 96), True, (48, 96))
        assert number_on(volume.slice(0, 7)) == 7
        assert volume.window("auto").name == "color"
        for axis, index, code in ((0, COUNT, "slice_out_of_range"), (1, 0, "axis_invalid")):
            with pytest.raises(MedSAMSegError) as caught:
                volume.slice(axis, index)
            assert caught.value.code == code


def test_what_is_no_film_is_told(tmp_path):
    (tmp_path / "film.mp4").write_text("a letter")
    with pytest.raises(MedSAMSegError) as caught:
        Film(tmp_path / "film.mp4")
    assert caught.value.code == "film_unreadable"
    assert str(tmp_path / "film.mp4") in caught.value.message


def test_a_sound_is_no_film(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(MedSAMSegError) as caught:
        Film(tmp_path / "sound.mkv")
    assert "no pictures" in caught.value.message
