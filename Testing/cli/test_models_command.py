"""`medsamseg models`, as its user meets it."""

import json
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from medsamseg_server.cli import models as models_command

COMMAND = [sys.executable, "-m", "medsamseg_server"]


def test_list_shows_every_model_with_size_license_and_state(run, home):
    result = run("models", "list")
    assert result.status == 0
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["litemedsam", "medsam", "mobilesam", "sam"]
    assert "39.4 MB" in lines[1]
    assert "Apache-2.0" in lines[1]
    assert "no  (default)" in lines[1]
    assert "CC BY 4.0" in lines[2]
    assert str(home / "weights") in lines[-1]
    assert not home.exists()


def test_list_does_not_wait_for_torch(home):
    program = (
        "import sys; from medsamseg_server.cli import main; main(['models', 'list']); print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "False"


def test_list_tells_published_files_from_own_ones(run, store, publish, content):
    publish(content)
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(content)
    store.final_path("sam").write_bytes(b"own")
    lines = run("models", "list", "--verify").out.splitlines()
    assert "yes, checksum verified  (default)" in lines[1]
    assert "yes, not a published file" in lines[4]
    litemedsam, _, _, sam = run("models", "list", "--verify", "--json").json()["models"]
    assert (litemedsam["published"], litemedsam["sha256"]) == (True, store.sha256("litemedsam"))
    assert sam["published"] is False


def test_download_shows_source_size_license_and_citation(run, publish, server, content, store):
    publish(content, server.url())
    result = run("models", "download", "litemedsam", "--yes")
    assert result.status == 0
    for expected in (
        server.url(),
        "1.0 MB",
        "Apache-2.0",
        "Nature Communications",
        str(store.folder),
        "checksum verified",
    ):
        assert expected in result.out
    assert result.err == ""


def test_download_without_a_terminal_does_not_wait_for_an_answer(run, publish, server, content, monkeypatch):
    publish(content, server.url())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    result = run("models", "download", "litemedsam")
    assert result.status == 2
    assert "add --yes" in result.err
    assert server.requests == []


@pytest.mark.parametrize(("answer", "status", "fetched"), [("y", 0, 1), ("Yes", 0, 1), ("", 130, 0), ("n", 130, 0)])
def test_download_asks_at_a_terminal(run, publish, server, content, monkeypatch, answer, status, fetched):
    publish(content, server.url())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda prompt: answer)
    assert run("models", "download", "litemedsam").status == status
    assert len(server.requests) == fetched


def test_download_at_end_of_input_means_no(run, publish, content, monkeypatch):
    publish(content)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))

    def end_of_input(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", end_of_input)
    result = run("models", "download", "litemedsam")
    assert (result.status, "Nothing was downloaded" in result.err) == (130, True)


def test_download_of_what_is_installed_says_so(run, publish, server, content, store):
    publish(content, server.url())
    run("models", "download", "litemedsam", "--yes")
    result = run("models", "download", "litemedsam")
    assert (result.status, "already installed" in result.out) == (0, True)
    assert len(server.requests) == 1


def test_download_as_json_is_one_line(run, publish, server, content, store):
    published = publish(content, server.url())
    result = run("models", "download", "litemedsam", "--yes", "--json")
    assert len(result.out.splitlines()) == 1
    assert result.json() == {
        "model": "litemedsam",
        "path": str(store.path("litemedsam")),
        "sha256": published.digest,
    }


def test_quiet_prints_nothing(run, publish, server, content):
    publish(content, server.url())
    result = run("models", "download", "litemedsam", "--yes", "--quiet")
    assert (result.status, result.out, result.err) == (0, "", "")


def test_a_failed_download_has_its_own_status(run, publish, server, content):
    publish(content, server.url())
    server.status = 503
    result = run("models", "download", "litemedsam", "--yes", "--quiet")
    assert result.status == 8
    assert result.err.startswith("medsamseg: LiteMedSAM could not be downloaded. Source 1: it answers 503")


def test_progress_is_shown_to_a_terminal(run, publish, server, content, monkeypatch):
    publish(content, server.url())
    monkeypatch.setattr(models_command, "shows_progress", lambda args: True)
    assert "LiteMedSAM: 100%" in run("models", "download", "litemedsam", "--yes").err


def test_an_own_address_is_shown_and_used(run, publish, server, content):
    publish(content, "http://127.0.0.1:1/none")
    result = run("models", "download", "litemedsam", "--yes", "--from", server.url("mirror.pth"))
    assert (result.status, server.url("mirror.pth") in result.out) == (0, True)


def test_an_unknown_model_is_answered_with_the_known_ones(run, home):
    for command in (["download", "--yes"], ["remove"]):
        result = run("models", *command, "medsma")
        assert result.status == 3
        assert "'medsma'" in result.err
        assert "litemedsam, medsam, mobilesam, sam" in result.err


def test_remove_deletes_the_weights_and_partial_downloads(run, store, publish, content):
    published = publish(content)
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(content)
    store.part_path("litemedsam", published).write_bytes(b"half")
    result = run("models", "remove", "litemedsam")
    assert (result.status, "Removed LiteMedSAM" in result.out) == (0, True)
    assert list(store.folder.iterdir()) == []


def test_remove_of_what_is_not_there_says_so(run, home):
    result = run("models", "remove", "sam")
    assert (result.status, "not on this computer" in result.err) == (5, True)


def test_import_of_own_weights_warns(run, store, tmp_path, monkeypatch):
    monkeypatch.setattr("medsamseg_server.weights.importing._require_strict_load", lambda path, model: None)
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"own weights")
    result = run("models", "import", mine, "--as", "litemedsam")
    assert result.status == 0
    assert "Warning: The checksum of" in result.err
    assert run("models", "import", mine, "--as", "litemedsam", "--json").json()["published"] is False


def test_import_of_a_published_file_does_not_warn(run, store, publish, content, tmp_path):
    published = publish(content)
    (tmp_path / "file").write_bytes(content)
    result = run("models", "import", tmp_path / "file", "--json")
    assert result.err == ""
    assert result.json() == {
        "model": "litemedsam",
        "path": str(store.path("litemedsam")),
        "sha256": published.digest,
        "published": True,
    }


def test_ctrl_c_during_a_download_ends_calmly(home, server, content):
    # The length that the registry expects, so that the server is believed.
    server.content = (content * 39)[:39_370_479]
    server.hangs_after = 1_000_000
    command = [*COMMAND, "models", "download", "litemedsam", "--yes", "--quiet", "--from", server.url()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.hanging.wait(60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "medsamseg: Stopped.\n")
    left = [path.name for path in (home / "weights").iterdir() if not path.name.endswith(".lock")]
    assert all(name.endswith(".part") for name in left)


def test_errors_as_json_are_one_line_on_standard_output(run, home):
    result = run("models", "remove", "sam", "--json")
    assert result.err == ""
    error = json.loads(result.out)["error"]
    assert (error["code"], "medsamseg models download sam" in error["hint"]) == ("model_missing", True)
