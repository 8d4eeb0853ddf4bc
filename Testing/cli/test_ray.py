"""Many cases on a Ray cluster: here one that starts on this computer, once for all tests of this file."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from batch_fakes import DEADLY, doubled, fake_engine, marked
from waiting import waitUntil

from medsamseg_server.cli import cache as cache_command
from medsamseg_server.cli import engine_options
from medsamseg_server.cli import evaluate as evaluate_command
from medsamseg_server.cluster import workers
from medsamseg_server.cluster.connection import connected
from medsamseg_server.cluster.workers import Workers, on_cluster

#: Ray takes many seconds to start, and more than that on a busy computer.
pytestmark = pytest.mark.full

TWO = Workers(count=2)
HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Ray, for all tests: what connects within them finds it there."""
    with pytest.MonkeyPatch.context() as patch:
        # Where its workers find the fakes.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
        patch.setattr(workers, "FIRST_PAUSE_SECONDS", 0.01)
        with connected() as ray:
            yield ray


@pytest.fixture
def scans(tmp_path, store, monkeypatch):
    """Called with gray levels, writes scans with a bar of each, and their table; the network is a fake one."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    for command in (engine_options, cache_command, evaluate_command):
        monkeypatch.setattr(command, "make_engine", fake_engine)

    def write(*levels):
        rows = ["image,box,slice,window"]
        for level in levels:
            volume = np.zeros((8, 32, 40), np.uint8)
            volume[1:7, 10:20, 8:18] = level
            sitk.WriteImage(sitk.GetImageFromArray(volume), str(tmp_path / f"{level}.nrrd"))
            rows.append(f'{level}.nrrd,"8,10,17,19",4,"255,127.5"')
        table = tmp_path / "cases.csv"
        table.write_text("\n".join(rows))
        return table

    return write


def test_every_item_has_its_result():
    assert sorted(on_cluster(doubled, [1, 2, 3], TWO)) == [(1, 2), (2, 4), (3, 6)]


def test_what_ends_every_worker_is_told_and_the_others_go_on():
    assert sorted(on_cluster(doubled, [1, 0, 2], TWO), key=str) == [(0, None), (1, 2), (2, 4)]


def test_another_worker_takes_over_what_one_left(tmp_path):
    """The work ends its process the first time."""
    assert list(on_cluster(marked, [tmp_path / "tried"], TWO)) == [(tmp_path / "tried", "done")]


def test_closing_ends_the_workers(cluster):
    results = on_cluster(doubled, [1, 2, 3, 4], TWO)
    next(results)
    results.close()
    # All cores are free again, once the cluster has noticed.
    waitUntil(lambda: cluster.available_resources().get("CPU") == cluster.cluster_resources()["CPU"])


def test_batch_writes_the_same_bytes_and_survives_a_worker_that_ends(run, scans, tmp_path):
    table = scans(200, DEADLY, 201)
    beside = run("batch", table, "-o", tmp_path / "beside", "--jobs", "2", "--json").json()["cases"]
    result = run("batch", table, "-o", tmp_path / "ray", "--ray", "--jobs", "2", "--json")
    assert result.status == 10
    told = result.json()["cases"]
    assert [case["state"] for case in told] == [case["state"] for case in beside] == ["done", "failed", "done"]
    assert told[1]["error"]["code"] == "case_process_ended"
    for name in ("200.seg.nrrd", "201.seg.nrrd", "pictures/200.png"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "beside" / name).read_bytes()
    again = run("batch", table, "-o", tmp_path / "ray", "--ray", "--jobs", "1", "--json").json()["cases"]
    assert [case["state"] for case in again] == ["kept", "failed", "kept"]


def test_evaluate_measures_the_same(run, scans, tmp_path):
    scans(200, 201)
    cases = [
        {"image": f"{level}.nrrd", "labels": f"{level}.nrrd", "targets": {"bar": level}, "window": "255,127.5"}
        for level in (200, 201)
    ]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"cases": cases}))

    def scores(*options):
        out = tmp_path / "report.json"
        command = ("evaluate", manifest, "--out", out, "--protocol", "gtbox", "--jitter", "0", *options)
        assert run(*command).status == 0
        targets = json.loads(out.read_text())["protocols"]["gtbox"]["targets"]
        return [{key: value for key, value in each.items() if "seconds" not in key} for each in targets]

    assert scores("--ray", "--jobs", "1") == scores()


def test_precompute_encodes_all_slices_of_all_scans(run, scans, tmp_path, home):
    scans(200, 201)
    scan_files = [tmp_path / "200.nrrd", tmp_path / "201.nrrd"]
    told = run("cache", "precompute", *scan_files, "--window", "255,127.5", "--ray", "--jobs", "1", "--json")
    found = [(scan["path"], scan["slices"], scan["encoded"]) for scan in told.json()["scans"]]
    # Slices that are alike are encoded once: the empty ones, and those with the bar.
    assert found == [(str(scan_files[0]), 8, 2), (str(scan_files[1]), 8, 1)]
    assert "3, " in run("cache", "info").out
