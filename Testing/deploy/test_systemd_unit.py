"""The systemd unit: what it starts is what the command line takes, and it may touch one folder."""

import configparser
import shlex
from pathlib import Path

import pytest

from medsamseg_server.cli.command_line import make_parser

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "medsamseg.service"


@pytest.fixture
def unit():
    parser = configparser.ConfigParser(interpolation=None)
    # Names of settings are written as systemd writes them.
    parser.optionxform = str
    parser.read(UNIT, encoding="utf-8")
    return parser


@pytest.fixture
def service(unit):
    return unit["Service"]


def test_command_is_one_that_the_command_line_takes(service):
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/medsamseg/bin/medsamseg"
    args = make_parser().parse_args(words)
    assert args.users == Path("/var/lib/medsamseg/users.json")
    # Other computers are let in by whoever adds a certificate.
    assert args.host == "127.0.0.1"


def test_it_writes_to_its_own_folder_alone_as_a_user_of_its_own(service):
    folder = Path("/var/lib") / service["StateDirectory"]
    variables = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
    assert Path(variables["MEDSAMSEG_HOME"]) == folder
    assert (service["User"], service["StateDirectoryMode"], service["UMask"]) == ("medsamseg", "0700", "0077")
    assert (service["ProtectSystem"], service["ProtectHome"], service["NoNewPrivileges"]) == ("strict", "yes", "yes")
    assert service["CapabilityBoundingSet"] == ""
    assert "ReadWritePaths" not in service


def test_it_comes_up_with_the_computer_and_again_after_a_crash(unit, service):
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert service["Restart"] == "on-failure"
    # Files that compiled networks are made executable in memory: that must not be forbidden.
    assert "MemoryDenyWriteExecute" not in service
