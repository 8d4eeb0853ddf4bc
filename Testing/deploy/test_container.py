"""The image: its file parsed, and its steps run in a plain folder. No engine builds it here.

What would be downloaded is borrowed from the development environment, whose versions are those that the steps ask for;
pip has no index, so that a version that differs fails. What needs root, a volume or a read-only root is only read.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

import containerfile
import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "Containerfile"
#: Seconds; a busy machine takes its time to start a process.
WAIT = 60


@pytest.fixture(scope="module")
def stages():
    return containerfile.read(FILE)


@pytest.fixture(scope="module")
def image(stages):
    return stages[-1]


def test_image_is_built_in_two_stages_from_pinned_minor_versions(stages):
    assert [stage.name for stage in stages] == ["build", ""]
    assert {stage.image for stage in stages} == {"docker.io/library/python:3.12-slim"}
    assert stages[0].one("ARG") == "TORCH=cpu"


def test_image_runs_as_nobody_in_particular_and_writes_to_one_folder(image):
    user = image.one("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert f"--uid {user.partition(':')[0]}" in image.one("RUN")
    assert image.one("VOLUME") == image.variables()["MEDSAMSEG_HOME"]
    # Nothing after the change of user would run as root.
    names = [instruction for instruction, _ in image.instructions]
    assert "RUN" not in names[names.index("USER") :]


def test_what_is_copied_is_there_and_not_ignored(stages):
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for stage in stages:
        for rest in stage.all("COPY"):
            if not rest.startswith("--from"):
                source = rest.split()[0]
                assert (ROOT / source).exists()
                assert any(source == each or source.startswith(f"{each}/") for each in allowed)


def test_every_package_has_a_checksum_or_a_pinned_version(stages):
    for step in stages[0].all("RUN"):
        for command in re.findall(r"pip install (.*?)(?:;|$)", step):
            pinned = "--require-hashes" in command or "--constraint" in command or 'torch==$version+cpu"' in command
            assert pinned, command


@pytest.fixture(scope="module")
def built(stages, tmp_path_factory):
    """A folder in which the steps of the first stage were run."""
    folder = tmp_path_factory.mktemp("image")
    for rest in stages[0].all("COPY"):
        source, target = rest.split()
        there = folder / target.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
        else:
            shutil.copy(ROOT / source, there)
    _leave_out_pip(folder / "src/server/requirements/base.txt")
    # `python` is what the tests run with.
    commands = folder / "commands"
    commands.mkdir()
    (commands / "python").symlink_to(sys.executable)
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "HOME": str(folder),
        "TORCH": "cpu",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    for step in stages[0].all("RUN"):
        step = re.sub(r"(?<![\w.])/(opt|src)/", rf"{folder}/\1/", step)
        # pip is borrowed as well.
        step = step.replace("-m venv", "-m venv --without-pip")
        subprocess.run(["sh", "-ec", step], env=environment, cwd=folder, check=True, timeout=10 * WAIT)
        if "-m venv" in step:
            _borrow_packages(folder / "opt/medsamseg")
    shutil.copy(ROOT / "deploy/health.py", folder / "opt/medsamseg/health.py")
    return folder


def _leave_out_pip(requirements):
    # The development environment has another, which cannot be replaced without an index.
    text, count = re.subn(r"^pip==.*\n(?:    .*\n)*", "", requirements.read_text(), flags=re.MULTILINE)
    assert count == 1
    requirements.write_text(text)


def _borrow_packages(environment):
    (packages,) = environment.glob("lib/python*/site-packages")
    # Those of a new environment come first and have other versions.
    shutil.rmtree(packages)
    packages.mkdir()
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=server.example"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return folder


@pytest.fixture
def program(built, image, tmp_path):
    """Called with the words of an instruction, gives the command that they are in the plain folder."""
    places = {"/opt/": f"{built}/opt/", "/var/lib/medsamseg": str(tmp_path / "data")}

    def make(words, **more):
        for place, real in {**places, **more}.items():
            words = [word.replace(place, real) for word in words]
        return words

    (tmp_path / "data").mkdir()
    make.environment = {
        "MEDSAMSEG_HOME": str(tmp_path / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
    }
    assert set(image.variables()) <= set(make.environment)
    return make


def test_steps_install_the_server_itself(built, program):
    python = str(built / "opt/medsamseg/bin/python")
    code = "import medsamseg_server as m, prometheus_client, blosc2; print(m.__file__)"
    found = subprocess.run(
        [python, "-c", code], env=program.environment, cwd="/", capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(built / "opt/medsamseg"))


def test_server_starts_as_the_image_says_and_its_health_is_told(built, image, program, certificate):
    entry = containerfile.words(image.one("ENTRYPOINT"))
    users = [*entry, "users", "add", "/var/lib/medsamseg/users.json", "anna"]
    added = subprocess.run(program(users), env=program.environment, cwd="/", capture_output=True, text=True, check=True)
    token = added.stdout.split()[-1]
    before = _files(built)
    words = program([*entry, *containerfile.words(image.one("CMD"))], **{"/run/medsamseg": str(certificate)})
    # Any free port, since the image's may be taken here.
    words[words.index("8000")] = "0"
    with _running(words, program.environment) as ready:
        assert (ready["event"], ready["scheme"], ready["users"]) == ("ready", "https", 1)
        check = containerfile.words(image.one("HEALTHCHECK").partition("CMD ")[2])
        check = program(check, **{":8000": f":{ready['port']}"})
        assert subprocess.run(check, env=program.environment, cwd="/", timeout=WAIT).returncode == 0
        context = ssl.create_default_context(cafile=certificate / "certificate.pem")
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", ready["port"], timeout=WAIT, context=context)
        connection.request("GET", "/v1/status", headers={"Authorization": f"Bearer {token}"})
        assert json.loads(connection.getresponse().read())["places"] == {"taken": 0, "most": 8}
        connection.close()
    # What is no server, or none any more, is not healthy.
    assert subprocess.run(check, env=program.environment, cwd="/", timeout=WAIT).returncode == 1
    # The image's own files may be read-only.
    assert _files(built) == before


def _files(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "opt").rglob("*")}


@contextlib.contextmanager
def _running(words, environment):
    process = subprocess.Popen(words, env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=WAIT)
    assert process.returncode == 0, errors.decode()
