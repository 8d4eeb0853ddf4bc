"""`medsamseg cache`: encoded slices on disk, shown, deleted and made before they are needed."""

import os
import sys
from pathlib import Path

import fsspec
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_writing import write_series

from medsamseg_server.cli import cache as cache_command
from medsamseg_server.engine import precomputing
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.volumes.volume import Volume

sys.path.append(str(Path(__file__).parents[1] / "server"))
from batch_fakes import engine_with_little_room, fake_engine
from server_fakes import EMBEDDING_BYTES, IDENTITY_WINDOW, FakePredictor, Watch, rod

WINDOW = ["--window", IDENTITY_WINDOW]
LEVELS = list(range(200, 212))


@pytest.fixture
def embeddings(home):
    return home / "embeddings"


@pytest.fixture
def watch(store, embeddings, monkeypatch):
    """Says that LiteMedSAM is installed, and puts the fake network in its place, which tells what it encodes."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    made = Watch()

    def make_engine(args, store, cache):
        return Engine(store, cache, load_predictor=lambda s, *_: FakePredictor(s, made))

    monkeypatch.setattr(cache_command, "make_engine", make_engine)
    return made


def write_scan(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


@pytest.fixture
def scan(tmp_path):
    return write_scan(tmp_path / "scans" / "rod.nrrd", rod())


def test_empty_cache_is_told(run, embeddings):
    result = run("cache", "info")
    assert result.status == 0
    assert str(embeddings) in result.out
    assert "0, 0 bytes of at most 10.7 GB" in result.out
    assert run("cache", "clear").out == "Deleted: 0 encoded slices, 0 bytes\n"


def test_a_store_has_what_a_folder_has_and_no_quota(run, watch, scan, tmp_path, monkeypatch):
    url = f"memory://{tmp_path.name}"
    with monkeypatch.context() as patch:
        patch.setattr(EmbeddingFolder, "room", 0)
        for encoded in (12, 0):
            told = run("cache", "precompute", scan, *WINDOW, "--cache", url, "--json").json()["scans"][0]
            assert (told["encoded"], told["complete"]) == (encoded, True)
    folder = tmp_path / "shared"
    assert run("cache", "precompute", scan, *WINDOW, "--cache", f"file://{folder}").status == 0
    found = {Path(each).name for each in fsspec.filesystem("memory").find(tmp_path.name)}
    assert found == {each.name for each in folder.iterdir()} and len(found) == 12


def test_a_store_that_cannot_be_used_is_refused_before_anything_is_read(run, watch):
    refused = run("cache", "precompute", "nowhere.nrrd", "--cache", "nonsense://bucket")
    assert refused.status != 0 and "nonsense://bucket is no store that can be used" in refused.err


def test_warm_scan_needs_no_more_encoding(run, watch, scan, embeddings):
    result = run("cache", "precompute", scan, *WINDOW, "--json")
    assert result.status == 0
    (told,) = result.json()["scans"]
    assert (told["path"], told["slices"], told["encoded"], told["complete"]) == (str(scan), 12, 12, True)
    assert watch.encoded == LEVELS
    again = run("cache", "precompute", scan, *WINDOW, "--json").json()["scans"][0]
    assert (again["slices"], again["encoded"]) == (12, 0)
    assert watch.encoded == LEVELS
    info = run("cache", "info", "--json").json()
    assert (info["folder"], info["entries"]) == (str(embeddings), 12)
    assert info["size"] >= 12 * EMBEDDING_BYTES


def test_several_windows_and_axes_are_all_encoded(run, watch, scan):
    options = [*WINDOW, "--window", "250,125", "--axis", "0", "--axis", "2"]
    told = run("cache", "precompute", scan, *options, "--json").json()["scans"][0]
    assert told["slices"] == 2 * (12 + 32)
    # Slices that look the same share an embedding.
    assert told["encoded"] == len(watch.encoded) < 88


def test_interrupted_run_goes_on_where_it_was(run, watch, scan, monkeypatch):
    encoding = watch.encoding

    def interrupt(prepared):
        if len(watch.encoded) == 5:
            raise KeyboardInterrupt
        encoding(prepared)

    monkeypatch.setattr(watch, "encoding", interrupt)
    result = run("cache", "precompute", scan, *WINDOW)
    assert result.status == 130
    assert "What is encoded is kept" in result.err
    monkeypatch.setattr(watch, "encoding", encoding)
    assert "12 slices, 7 of them encoded now" in run("cache", "precompute", scan, *WINDOW).out
    assert watch.encoded == LEVELS


def test_folder_means_all_its_scans_but_no_segmentations(run, watch, tmp_path, scan):
    folder = scan.parent
    write_scan(folder / "deep" / "er" / "second.nii.gz", rod(slices=3))
    write_scan(folder / "rod.seg.nrrd", rod(slices=4))
    (folder / "notes.txt").write_text("no scan")
    write_series(sitk.GetImageFromArray(rod(slices=3).astype(np.int16)), folder / "dicom")
    told = run("cache", "precompute", folder, *WINDOW, "--json").json()["scans"]
    assert [Path(entry["path"]).name for entry in told] == ["second.nii.gz", "rod.nrrd", "scans"]
    assert [entry["slices"] for entry in told] == [3, 12, 3]
    assert [entry["series"] is not None for entry in told] == [False, False, True]


def test_damaged_scan_does_not_stop_the_others(run, watch, scan):
    damaged = scan.with_name("a_damaged.nrrd")
    damaged.write_bytes(scan.read_bytes()[:200])
    result = run("cache", "precompute", scan.parent, *WINDOW)
    assert result.status == 4
    assert "a_damaged.nrrd" in result.err
    assert watch.encoded == LEVELS


def test_no_more_is_encoded_than_there_is_room_for(run, watch, scan, monkeypatch):
    monkeypatch.setattr(EmbeddingCache, "room", 5 * EMBEDDING_BYTES)
    result = run("cache", "precompute", scan, *WINDOW)
    assert "5 slices, 5 of them encoded now" in result.out
    assert "does not fit" in result.err
    assert watch.encoded == LEVELS[:5]


def test_old_entries_are_cleared_first(run, watch, scan, embeddings):
    run("cache", "precompute", scan, *WINDOW)
    old = sorted(embeddings.iterdir())[:4]
    for path in old:
        os.utime(path, (1000, 1000))
    assert "Deleted: 4 encoded slices, 2.1 MB" in run("cache", "clear", "--unused-days", "30").out
    assert run("cache", "clear", "--json").json()["entries"] == 8
    assert not list(embeddings.glob("*.embedding"))


def test_folder_that_cannot_be_cleared_is_told(run, watch, scan, embeddings, monkeypatch):
    run("cache", "precompute", scan, *WINDOW)

    def refuse(path, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    result = run("cache", "clear")
    assert result.status == 6
    assert f"{embeddings} could not all be deleted: Permission denied" in result.err


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["missing.nrrd"], 3, "There is no file or folder missing.nrrd"),
        (["{folder}"], 4, "There are no scans in the folder"),
        (["{scan}", "--window", "lungs"], 2, "'lungs' is not an intensity window"),
        (["{scan}", "--axis", "3"], 2, "invalid choice: 3"),
        (["{scan}", "--model", "medsam"], 5, "medsam"),
        ([], 2, "FILE"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_encoded(run, watch, scan, tmp_path, arguments, status, text):
    (tmp_path / "empty").mkdir()
    filled = [argument.format(folder=tmp_path / "empty", scan=scan) for argument in arguments]
    result = run("cache", "precompute", *filled)
    assert (result.status, text in result.err) == (status, True), result.err
    assert watch.encoded == []


def test_limit_is_kept_and_obeyed(run, watch, scan, embeddings):
    run("cache", "precompute", scan, *WINDOW)
    assert run("cache", "limit", "0.0026").out == "Encoded slices may take 2.6 MB\n"
    assert run("cache", "info", "--json").json()["entries"] == 4
    assert run("cache", "info", "--json").json()["quota"] == 2_600_000
    again = run("cache", "precompute", scan, *WINDOW)
    assert "the rest does not fit" in again.err
    assert run("cache", "info", "--json").json()["entries"] <= 5
    assert EmbeddingCache(0, embeddings).room == EmbeddingCache(0, embeddings, 2_600_000).room == 2_340_000


def test_limit_must_be_a_size(run):
    assert "'much' is not a number of gigabytes" in run("cache", "limit", "much").err


def test_days_must_be_a_number(run):
    assert "'soon' is not a number of days" in run("cache", "clear", "--unused-days", "soon").err


def test_precomputing_agrees_with_the_server_on_the_key(store, watch, scan, embeddings, tmp_path, run):
    run("cache", "precompute", scan)
    engine = Engine(store, EmbeddingCache(folder=embeddings), load_predictor=lambda s, *_: FakePredictor(s, watch))
    engine.predictor()
    (embedded,) = engine.find_for(SliceRequest(Volume.from_array(rod()), 0, 5), [Prompt((0, 0, 31, 31))])
    assert embedded.was_cached


def test_scans_are_found_once(scan):
    assert precomputing.find_scans([scan, scan.parent, scan]) == [precomputing.Scan(scan)]


def test_several_at_a_time_do_the_same_and_one_that_cannot_be_read_is_told(run, store, embeddings, scan, monkeypatch):
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(cache_command, "make_engine", fake_engine)
    damaged = scan.with_name("damaged.nrrd")
    damaged.write_bytes(b"NRRD0004\nno")
    result = run("cache", "precompute", damaged, scan, *WINDOW, "--jobs", "2", "--json")
    told = {each["path"]: each for each in result.json()["scans"]}
    assert list(told) == [str(damaged), str(scan)]
    assert (told[str(scan)]["slices"], told[str(scan)]["encoded"], told[str(scan)]["complete"]) == (12, 12, True)
    assert "error" in told[str(damaged)]
    assert str(damaged) in result.err
    assert "12, " in run("cache", "info").out


def test_several_at_a_time_share_the_room(run, store, embeddings, scan, monkeypatch):
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(cache_command, "make_engine", engine_with_little_room)
    other = write_scan(scan.with_name("other.nrrd"), rod())
    told = run("cache", "precompute", scan, other, *WINDOW, "--jobs", "2", "--json").json()["scans"]
    assert [(each["slices"], each["complete"]) for each in told] == [(5, False), (5, False)]
