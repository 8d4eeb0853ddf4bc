"""What is said where there is no cluster; those that work are in `test_ray.py`."""

import os
import socket
import subprocess
import sys
import threading
import types

import pytest

from medsamseg_server.cluster.connection import connected
from medsamseg_server.cluster.workers import Workers
from medsamseg_server.errors import MedSAMSegError


@pytest.fixture
def ray(monkeypatch):
    """A package that stands for Ray, and fails to connect as that does; counts how often it was asked to."""
    asked = []

    def refuse(**arguments):
        asked.append(arguments)
        raise ConnectionError("ray client connection timeout\nwith details")

    package = types.ModuleType("ray")
    package.init, package.shutdown, package.is_initialized = refuse, lambda: None, lambda: False
    package.__spec__ = types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "ray", package)
    for name in list(os.environ):
        if name.startswith("RAY_"):
            monkeypatch.delenv(name)
    yield asked
    for name in list(os.environ):
        if name.startswith("RAY_"):
            monkeypatch.delenv(name)


def refusal(address):
    with pytest.raises(MedSAMSegError) as refused, connected(address):
        pass
    return refused.value


@pytest.fixture
def listener():
    """The address of a socket that listens, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_cluster_that_does_not_answer_is_told(ray, listener):
    error = refusal(f"ray://{listener}")
    assert error.code == "cluster_unreachable"
    assert error.message == f"No Ray cluster answers at ray://{listener}: ray client connection timeout"
    # The same to those who served from it, and have no option --ray.
    assert "--ray" not in error.hint
    assert len(ray) == 1
    assert "RAY_AUTH_TOKEN" not in os.environ


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nobody_listens_Ray_is_not_asked(ray, scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = refusal(f"{scheme}127.0.0.1:{port}")
    assert error.message == f"No Ray cluster answers at {scheme}127.0.0.1:{port}: Connection refused"
    assert ray == []


def test_one_that_starts_here_is_tried_again_and_answers_only_who_knows_its_word(ray):
    error = refusal("local")
    assert error.message == "Ray did not start on this computer: ray client connection timeout"
    assert "--ray" not in error.hint
    assert [arguments["include_dashboard"] for arguments in ray] == [False] * 3
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    # Somebody waits for its workers.
    assert os.environ["RAY_worker_niceness"] == "0"  # noqa: SIM112


@pytest.mark.parametrize(
    "workers, nodes, count, takes",
    [
        (Workers(), [{"CPU": 4.0}, {"CPU": 4.0}], 8, {"num_cpus": 1}),
        # One worker has one machine, however many there are.
        (Workers(count=1), [{"CPU": 4.0}, {"CPU": 4.0}], 1, {"num_cpus": 4}),
        (Workers(count=3), [{"CPU": 4.0}, {"CPU": 2.0}], 3, {"num_cpus": 1}),
        (Workers(count=4, on_graphics_card=True), [{"CPU": 8.0, "GPU": 2.0}], 4, {"num_cpus": 2, "num_gpus": 0.5}),
        (Workers(on_graphics_card=True), [{"CPU": 8.0, "GPU": 2.0}], 2, {"num_cpus": 4, "num_gpus": 1.0}),
    ],
)
def test_what_each_worker_takes_of_its_machine(monkeypatch, workers, nodes, count, takes):
    monkeypatch.delenv("MEDSAMSEG_HOME", raising=False)
    there = [{"Alive": True, "Resources": resources} for resources in nodes]
    gone = {"Alive": False, "Resources": {"CPU": 64.0}}
    assert workers.shares(types.SimpleNamespace(nodes=lambda: [*there, gone]), most=100) == (count, takes)


@pytest.mark.parametrize("was_connected", [False, True])
def test_what_Ray_prints_on_a_thread_of_its_own_is_not_on_standard_output(
    ray, monkeypatch, capsys, caplog, was_connected
):
    """As it prints that a worker died, whatever it was told."""
    caplog.set_level("INFO")
    monkeypatch.setattr(sys.modules["ray"], "init", lambda **_: None)
    monkeypatch.setattr(sys.modules["ray"], "is_initialized", lambda: was_connected)
    with connected():
        thread = threading.Thread(target=print, args=["A worker died"], name="ray_listen_error_messages")
        thread.start()
        thread.join()
        print("done", flush=True)
    print("afterwards")
    assert capsys.readouterr().out == "done\nafterwards\n"
    assert "A worker died" in caplog.text


def test_without_Ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("medsamseg_server.system.packages.find_spec", lambda _name: None)
    error = refusal("local")
    assert error.code == "cluster_not_installed"
    assert "medsamseg-server[cluster]" in error.hint


@pytest.mark.parametrize(
    "words",
    [
        ("batch", "no.csv", "-o", "results"),
        ("evaluate", "no.json"),
        ("cache", "precompute", "nowhere"),
    ],
)
def test_without_Ray_nothing_else_is_said(run, monkeypatch, words):
    monkeypatch.setattr("medsamseg_server.system.packages.find_spec", lambda _name: None)
    result = run(*words, "--ray")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("medsamseg: Working on a cluster needs packages that are not installed: Ray.")


@pytest.mark.full
def test_Ray_Serve_takes_the_settings_by_which_clicks_go_straight_to_their_replica():
    told = (
        "from medsamseg_server.cluster.connection import import_serve; import_serve();"
        "from ray.serve._private import constants as c;"
        "print(c.RAY_SERVE_QUEUE_LENGTH_CACHE_TIMEOUT_S, c.RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.split() == ["86400.0", "False"]
