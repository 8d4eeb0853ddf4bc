"""The soak's parts in small: what `make soak` does for minutes."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from soakBadInputs import BadInputs
from soakCluster import Cluster
from soakFullDisk import FullDisk
from soakKills import Kills
from soakLoad import Load
from soakUsers import Users
from soakVolumes import makeVolume, prepareHome, wrongCacheEntries

SOAK = Path(__file__).resolve().parents[2] / "tools" / "soak" / "__main__.py"


@pytest.fixture
def preparedHome(home):
    home.mkdir()
    prepareHome(home)
    return home


def test_clientsAtOnceGetRightMasksWithinTheBudget(preparedHome):
    figures = Load(preparedHome, clients=5, clicks=50, volumes=6).run()
    assert (figures["clicks"], figures["wrong_masks"], figures["server_died"]) == (50, 0, 0)
    assert figures["refusals"] == 1
    assert figures["uploads"] > 6
    assert [name for name in figures if name.startswith("error") or name == "hangs"] == []


def test_killedServersLeaveNothingHalf(preparedHome):
    figures = Kills(preparedHome, kills=2).run()
    assert figures["kills"] >= 2
    assert figures["cache_entries_checked"] > 0
    faults = ("wrong_masks", "half_slices", "cache_errors", "hangs")
    assert {fault: figures[fault] for fault in faults} == dict.fromkeys(faults, 0)


def test_badInputsAreAnswered(preparedHome):
    figures = BadInputs(preparedHome, requests=150).run()
    assert (figures["http_500"], figures["hangs"], figures["server_died"], figures["long_errors"]) == (0, 0, 0, 0)
    assert figures["status_200"] > 0


def test_usersGetTheirOwnAndNothingOfOthers(preparedHome):
    figures = Users(preparedHome, users=4, clicks=80).run()
    faults = ("cross_user_reads", "lost_sessions", "wrong_masks", "http_500", "server_died")
    assert {fault: figures[fault] for fault in faults} == dict.fromkeys(faults, 0)
    assert (figures["users"], figures["clicks"]) == (4, 80)
    assert min(figures[name] for name in ("attempts", "propagations", "visits", "viewer_boxes")) > 0


def test_fullDiskChangesNoAnswer(preparedHome):
    figures = FullDisk(preparedHome, clicks=5).run()
    assert figures == {
        "full_disk_clicks": 5,
        "wrong_masks": 0,
        "half_files": 0,
        "refusals": 1,
        "server_died": 0,
    }


def test_wrongCacheEntryWouldBeNoticed(preparedHome):
    from medsamseg_server.engine.embedding_folder import EmbeddingFolder

    folder = EmbeddingFolder(preparedHome / "embeddings", 10**7)
    folder.write("0" * 64, makeVolume(0)[0].astype("float16"))
    assert wrongCacheEntries(preparedHome / "embeddings", [makeVolume(0)]) == 1


@pytest.mark.full
def test_killedReplicasAndWorkersLoseNothing(preparedHome):
    figures = Cluster(preparedHome, kills=4).run()
    faults = ("wrong_masks", "lost_sessions", "lost_cases", "told_again_clicks", "kills_left")
    assert {fault: figures[fault] for fault in faults} == dict.fromkeys(faults, 0)
    assert (figures["replica_kills"], figures["batch_kills"], figures["worker_kills"]) == (2, 2, 4)
    assert min(figures[name] for name in ("clicks", "cases")) > 0


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("figures, status", [({"told_again_clicks": 1}, 1), ({"told_again": 3, "kills_left": 2}, 0)])
def test_aClickThatTheClientDoesNotMendFailsTheSoak(monkeypatch, tmp_path, figures, status):
    specification = importlib.util.spec_from_file_location("soakTool", SOAK)
    soak = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(soak)
    monkeypatch.setattr(soak, "ROOT", tmp_path)
    monkeypatch.setattr(soak, "_runPart", lambda name, folder, arguments: figures)
    monkeypatch.setattr(sys, "argv", ["soak", "--minutes", "20", "cluster"])
    assert soak.main() == status
    assert json.loads((tmp_path / "soak" / "results.json").read_text())["parts"]["cluster"].items() >= figures.items()
