"""`medsamseg cluster serve`: what its options mean and which it refuses; `test_ray_serve.py` runs it."""

import argparse
import json

import pytest

from medsamseg_server.cli import cluster as command
from medsamseg_server.cli.command_line import make_parser
from medsamseg_server.cluster import connection, serving
from medsamseg_server.cluster.replica_plan import ClusterOptions, Plan
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.system.places import StoreUrl

FOLLOWS = {
    "min_replicas": 1,
    "max_replicas": 3,
    "target_ongoing_requests": 2,
    "upscale_delay_s": 10.0,
    "downscale_delay_s": 600.0,
}
MACHINE = {"CPU": 8.0, "GPU": 1.0, "memory": 1e10}


@pytest.fixture
def served(monkeypatch):
    """What the command hands on, in place of a cluster."""
    given = []
    monkeypatch.setattr(serving, "serve_on_cluster", lambda *options: given.extend(options) or 0)
    return given


def test_the_options_reach_replicas_and_door(run, served, tmp_path):
    cluster = (
        "--address",
        "10.0.0.5:6379",
        "--replicas",
        "2-8",
        "--gpus-per-replica",
        "0.5",
        "--cpus-per-replica",
        3,
        "--idle-minutes",
        0.5,
    )
    server = ("--port", "8000", "--cache", tmp_path, "--volume-memory", "2", "--places", "5", "--nninteractive", "3")
    assert run("cluster", "serve", *cluster, *server).status == 0
    options, where = served
    assert where == ClusterOptions("10.0.0.5:6379", (2, 8), 3.0, 0.5, 30.0)
    assert options.nninteractive_sessions == 3
    assert (options.port, options.embeddings_folder, options.volume_bytes, options.places) == (8000, tmp_path, 2**31, 5)


def test_embeddings_may_be_in_a_store_which_has_no_quota(run, served):
    assert run("cluster", "serve", "--cache", "memory://shared", "--embedding-disk", "0").status == 0
    assert served[0].embeddings_folder == StoreUrl("memory://shared")
    refused = run("cluster", "serve", "--cache", "memory://shared", "--embedding-disk", "3")
    assert refused.status != 0 and "--embedding-disk limits a folder" in refused.err
    assert "is no store that can be used" in run("cluster", "serve", "--cache", "nonsense://a").err


def test_without_options_Ray_starts_here(run, served):
    assert run("cluster", "serve").status == 0
    options, where = served
    assert where == ClusterOptions("local", None, None, 0.0)
    assert options.host == "127.0.0.1"


def test_it_takes_all_options_of_serve():
    def options(*words):
        parser = make_parser()
        for word in words:
            (groups,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
            parser = groups.choices[word]
        return {name for action in parser._actions for name in action.option_strings}

    more = options("cluster", "serve") - options("serve")
    assert more == {"--address", "--replicas", "--cpus-per-replica", "--gpus-per-replica", "--idle-minutes", "--cache"}
    assert options("serve") <= options("cluster", "serve")


@pytest.mark.parametrize(
    "words, said",
    [
        (["--replicas", "0"], "'0' is neither a number of replicas nor a range"),
        (["--replicas", "3-2"], "'3-2' is neither a number of replicas nor a range"),
        (["--replicas", "two"], "'two' is neither"),
        (["--gpus-per-replica", "1.5"], "'1.5' is no whole number from 1 on, and no share of one"),
        (["--gpus-per-replica", "nan"], "'nan' is no whole number"),
        (["--cpus-per-replica", "-1"], "'-1' is no whole number"),
        (["--idle-minutes", "-1"], "'-1' is not a number of minutes"),
        (["--device", "cuda"], "replicas get no graphics card"),
    ],
)
def test_options_that_mean_nothing_are_refused(run, served, words, said):
    result = run("cluster", "serve", *words)
    assert (result.status, served) == (2, [])
    assert said in result.err


@pytest.mark.parametrize(
    "options, machines, plan",
    [
        # One on each machine, with all of it.
        (ClusterOptions(), [MACHINE, MACHINE], Plan(2, 2, 8, 0)),
        # As many cores as the smallest machine has for it.
        (ClusterOptions(replicas=(1, 4)), [MACHINE, {"CPU": 4.0}], Plan(1, 4, 2, 0)),
        (ClusterOptions(replicas=(2, 2), cards=0.5), [MACHINE], Plan(2, 2, 4, 0.5)),
        (ClusterOptions(replicas=(3, 3), cores=0.5), [{"CPU": 2.0}], Plan(3, 3, 0.5, 0)),
        (ClusterOptions(replicas=(1, 40)), [MACHINE], Plan(1, 40, 1, 0)),
    ],
)
def test_what_each_replica_takes_of_its_machine(options, machines, plan):
    assert Plan.of(options, machines) == plan


@pytest.mark.parametrize(
    "options, said",
    [
        (ClusterOptions(replicas=(9, 9)), "9 replicas of 1 cores were asked for, and the cluster has room for 8."),
        (ClusterOptions(replicas=(1, 1), cores=9), "1 replicas of 9 cores"),
        (ClusterOptions(replicas=(3, 3), cards=0.5), "3 replicas of 2 cores and 0.5 graphics cards"),
    ],
)
def test_more_than_the_cluster_has_is_refused(options, said):
    with pytest.raises(MedSAMSegError) as refused:
        Plan.of(options, [MACHINE])
    assert refused.value.code == "cluster_too_small"
    assert said in refused.value.message


@pytest.mark.parametrize(
    "plan, number",
    [
        (Plan(2, 2, 1, 0), {"num_replicas": 2}),
        (Plan(1, 3, 1, 0), {"autoscaling_config": FOLLOWS}),
        (Plan(1, 3, 1, 0, 30), {"autoscaling_config": {**FOLLOWS, "downscale_delay_s": 30}}),
    ],
)
def test_what_Serve_is_told(plan, number, home):
    told = plan.deployment_options()
    actor = told.pop("ray_actor_options")
    assert told == number
    assert (actor["num_cpus"], actor["num_gpus"]) == (1, 0)
    assert actor["runtime_env"]["env_vars"]["MEDSAMSEG_HOME"] == str(home)


@pytest.mark.parametrize("has_ray, missing", [(False, "Ray"), (True, "those of Ray Serve")])
def test_packages_that_are_missing_are_told_before_anything_starts(run, monkeypatch, has_ray, missing):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("medsamseg_server.system.packages.find_spec", lambda _name: has_ray or None)
    monkeypatch.setattr(connection, "import_module", lambda name: absent(name) if name == "ray.serve" else None)
    for name in connection._ENVIRONMENT | connection._secret():
        monkeypatch.setenv(name, "kept")
    result = run("cluster", "serve")
    error = json.loads(result.out)["error"]
    assert (result.status, error["code"]) == (2, "cluster_not_installed")
    assert missing in error["message"]
    assert "medsamseg-server[cluster]" in error["hint"]


def test_an_address_that_others_reach_needs_a_token_here_too(run, monkeypatch):
    monkeypatch.setattr(serving, "import_serve", lambda _address: None)
    error = json.loads(run("cluster", "serve", "--host", "0.0.0.0").out)["error"]
    assert error["code"] == "token_required"


def test_amounts_are_whole_or_a_share():
    assert [command._amount(text) for text in ("0.25", "1", "16")] == [0.25, 1, 16]
