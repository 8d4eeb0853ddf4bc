"""`medsamseg segment` on a film, with a network that finds what is bright in the box: files, table, and refusals."""

import csv
import json
import re
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from medsamseg_server.cli import engine_options, main
from medsamseg_server.engine.engine import Engine
from medsamseg_server.weights.store import ModelStore

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor

BOX = ["--box", "10,8,21,19", "--slice", "2"]


def square(frame):
    """Where the bright square of 12 pixels is on a frame; it goes one pixel to the right each time."""
    mask = np.zeros((33, 47), bool)
    mask[8:20, 8 + frame : 20 + frame] = True
    return mask


@pytest.fixture
def film_file(write_film):
    frames = np.full((6, 33, 47, 3), 30, np.uint8)
    for number, frame in enumerate(frames):
        frame[square(number)] = (220, 210, 200)
    return write_film(frames, rate=10)


@pytest.fixture
def run(home, monkeypatch, capsys):
    store = ModelStore()
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(
        engine_options,
        "make_engine",
        lambda args, store: Engine(store, load_predictor=lambda specification, *_: FakePredictor(specification)),
    )

    def run_command(*arguments):
        status = main(["segment", *map(str, arguments)])
        return status, capsys.readouterr()

    return run_command


def test_a_folder_gets_a_picture_of_each_frame(run, film_file, tmp_path):
    status, captured = run(film_file, *BOX, "-o", tmp_path / "masks", "--csv")
    assert status == 0
    assert "found on 6 of 6 frames" in captured.out
    assert re.search(r"reading \d+\.\d s, encoder \d+\.\d s, decoder .*, motion .*, writing \d+\.\d s\n", captured.out)
    assert sorted(each.name for each in (tmp_path / "masks").iterdir()) == [f"frame_{n}.png" for n in range(6)]
    for number in range(6):
        mask = np.asarray(Image.open(tmp_path / "masks" / f"frame_{number}.png"))
        np.testing.assert_array_equal(mask, square(number) * 255)
    rows = list(csv.DictReader((tmp_path / "masks.frames.csv").read_text().splitlines()))
    assert [float(row["seconds"]) for row in rows] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert [(row["found"], row["area_pixels"]) for row in rows] == [("1", "144")] * 6
    assert rows[2]["provenance"] == "box"
    # The network sees what is bright, however wide the box is.
    assert [(row["area_pixels_low"], row["area_pixels_high"]) for row in rows] == [("144", "144")] * 6


def test_one_array_of_all_frames(run, film_file, tmp_path):
    status, captured = run(film_file, *BOX, "-o", tmp_path / "m.npz", "--json", "--range", "1:4")
    assert status == 0
    written = np.load(tmp_path / "m.npz")
    assert (written["masks"].dtype, written["masks"].shape) == (np.uint8, (6, 33, 47))
    for number in range(6):
        np.testing.assert_array_equal(written["masks"][number], square(number) & (1 <= number <= 4))
    np.testing.assert_allclose(written["times"], np.arange(6) / 10, atol=1e-6)
    summary = json.loads(captured.out)
    assert (summary["frames"], summary["frames_found"]) == (6, 4)
    assert list(summary["seconds"]) == ["reading", "encoder", "decoder", "motion", "writing"]
    assert all(seconds >= 0 for seconds in summary["seconds"].values())
    assert summary["seconds"]["writing"] > 0


def test_the_overlay_is_a_film_of_the_same_speed_with_the_object_in_color(run, film_file, tmp_path):
    status, _ = run(film_file, *BOX, "-o", tmp_path / "m.npz", "--overlay", tmp_path / "o.mp4")
    assert status == 0
    with av.open(str(tmp_path / "o.mp4")) as container:
        rate = container.streams.video[0].average_rate
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (len(frames), float(rate)) == (6, pytest.approx(10, rel=0.01))
    inside = frames[4][11:17, 15:21].reshape(-1, 3).mean(axis=0)
    assert inside[0] > inside[2] + 60


def test_only_the_frame_with_the_box(run, film_file, tmp_path):
    status, _ = run(film_file, *BOX, "-o", tmp_path / "m.npz", "--slice-only")
    assert status == 0
    assert np.load(tmp_path / "m.npz")["masks"].any(axis=(1, 2)).tolist() == [False, False, True, False, False, False]


def test_an_earlier_folder_is_replaced_by_force_only(run, film_file, tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "old.png").touch()
    status, captured = run(film_file, *BOX, "-o", tmp_path / "masks")
    assert (status, "exists already" in captured.err) == (6, True)
    assert (tmp_path / "masks" / "old.png").exists()
    status, _ = run(film_file, *BOX, "-o", tmp_path / "masks", "--force")
    assert status == 0
    assert len(list((tmp_path / "masks").iterdir())) == 6


def test_an_earlier_overlay_is_replaced_by_force_only(run, film_file, tmp_path):
    (tmp_path / "o.mp4").write_text("earlier")
    arguments = [film_file, *BOX, "-o", tmp_path / "m.npz", "--overlay", tmp_path / "o.mp4"]
    status, captured = run(*arguments)
    assert (status, "exists already" in captured.err) == (6, True)
    assert (tmp_path / "o.mp4").read_text() == "earlier"
    assert run(*arguments, "--force")[0] == 0
    assert (tmp_path / "o.mp4").read_bytes() != b"earlier"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "m.nii.gz"], "no name for the masks of a film"),
        (["-o", "m.npz", "--axis", "1"], "--axis cannot go with a film"),
        (["-o", "m.npz", "--window", "soft"], "--window cannot go with a film"),
        (["-o", "m.npz", "--series", "1.2"], "--series cannot go with a film"),
        (["-o", "m.npz", "--exclude-labels", "l.nrrd"], "it cannot go with a film"),
        (["-o", "m.npz", "--also", "photo.png"], "photo.png is no film, as "),
        (["-o", "m.npz", "--overlay", "o.png"], "no name for the film of --overlay"),
    ],
)
def test_what_cannot_go_with_a_film_is_refused(run, film_file, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, captured = run(film_file, *BOX, *arguments)
    assert status == 2
    assert words in captured.err


def test_a_click_cannot_stand_for_a_box_in_a_film(run, film_file, tmp_path):
    status, captured = run(film_file, "--click", "15,13", "--slice", "2", "-o", tmp_path / "m.npz")
    assert (status, "--click is for scans and pictures, not for films" in captured.err) == (2, True)


def test_a_frame_beyond_the_end_is_told(run, film_file, tmp_path):
    status, captured = run(film_file, "--box", "10,8,21,19", "--slice", "6", "-o", tmp_path / "m.npz")
    assert status == 2
    assert "Frame 6 is outside of" in captured.err and "has frames 0 to 5" in captured.err
    assert not (tmp_path / "m.npz").exists()


def test_a_box_outside_the_frame_is_told(run, film_file, tmp_path):
    status, captured = run(film_file, "--box", "10,8,210,19", "--slice", "2", "-o", tmp_path / "m.npz")
    assert status == 2
    assert "not inside the slice" in captured.err


def test_what_is_excluded_is_followed_through_the_frames(run, write_film, tmp_path):
    frames = np.full((6, 33, 47, 3), 30, np.uint8)
    hole = np.zeros((6, 33, 47), bool)
    for number, frame in enumerate(frames):
        frame[square(number)] = (220, 210, 200)
        hole[number, 11:17, 11 + number : 17 + number] = True
        frame[hole[number]] = (250, 180, 120)
    film = write_film(frames, rate=10)
    assert run(film, *BOX, "--exclude", "13,11,18,16", "-o", tmp_path / "m.npz")[0] == 0
    found = np.load(tmp_path / "m.npz")["masks"] > 0
    for number in range(6):
        ring = square(number) & ~hole[number]
        assert 2 * (found[number] & ring).sum() / (found[number].sum() + ring.sum()) > 0.9
        assert not found[number][hole[number]].all()


def level(frames_level, write_film, name):
    frames = np.full((6, 33, 47, 3), 10, np.uint8)
    for number, frame in enumerate(frames):
        frame[square(number)] = frames_level
    return write_film(frames, rate=10, name=name)


@pytest.mark.parametrize(("fuse", "count"), [("mean", 0), ("max", 6)])
def test_films_of_one_view_are_fused_frame_by_frame(run, write_film, tmp_path, fuse, count):
    first, second = level(40, write_film, "a.mkv"), level(190, write_film, "b.mkv")
    status, captured = run(first, *BOX, "--also", second, "--fuse", fuse, "-o", tmp_path / "m.npz", "--json")
    assert status == 0
    assert json.loads(captured.out)["frames_found"] == count


def test_films_of_other_frames_are_told(run, write_film, tmp_path):
    first = level(40, write_film, "a.mkv")
    second = write_film(np.full((5, 33, 47, 3), 90, np.uint8), rate=10, name="b.mkv")
    status, captured = run(first, *BOX, "--also", second, "-o", tmp_path / "m.npz")
    assert status == 2
    assert "b.mkv has 5 frames of 47 × 33 pixels, but a.mkv has 6 frames of 47 × 33 pixels." in captured.err
