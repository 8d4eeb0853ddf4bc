"""`medsamseg users`: who is let in, in a file that holds no token."""

import hashlib
import json
import threading

import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.group.users_file import Quota, add_user, read_users, revoke_user
from medsamseg_server.system.file_lock import exclusive_lock


@pytest.fixture
def file(tmp_path):
    return tmp_path / "users.json"


def test_token_is_shown_once_and_kept_nowhere(run, file):
    token = run("users", "add", file, "anna").out.splitlines()[-1]
    assert len(token) == 43
    (user,) = read_users(file)
    assert user.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert token not in file.read_text()
    assert token not in run("users", "list", file).out


def test_file_is_for_its_owner_alone(run, file):
    run("users", "add", file, "anna")
    assert file.stat().st_mode & 0o777 == 0o600
    run("users", "add", file, "ben")
    run("users", "revoke", file, "anna")
    assert file.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in file.parent.iterdir()} <= {"users.json", ".users.json.lock", "home"}


def test_users_are_listed_with_what_they_may_use(run, file):
    run("users", "add", file, "anna")
    run("users", "add", file, "ben", "--volumes", "2", "--memory", "0.5", "--jobs", "3")
    lines = run("users", "list", file).out.splitlines()
    assert lines[0].startswith("anna: volumes 4, memory 1 GiB, jobs 8, added 20")
    assert lines[1].startswith("ben: volumes 2, memory 0.5 GiB, jobs 3, added 20")
    listed = run("users", "list", file, "--json").json()["users"]
    assert [each["name"] for each in listed] == ["anna", "ben"]
    assert listed[1]["memory"] == 2**29
    assert not any("sha" in key or "token" in key for each in listed for key in each)


def test_revoked_user_is_gone_and_comes_back_as_another(run, file):
    run("users", "add", file, "anna")
    (before,) = read_users(file)
    assert run("users", "revoke", file, "anna").out == "anna is let in no more.\n"
    assert read_users(file) == []
    assert run("users", "list", file).out == f"{file} has no users.\n"
    run("users", "add", file, "anna")
    (after,) = read_users(file)
    assert after.user_id != before.user_id
    assert after.token_sha256 != before.token_sha256


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "anna"], "has a user 'anna' already.\n  For a new token, revoke the old one first"),
        (["add", "../x"], "'../x' is no name of a user.\n  Use up to 64 letters"),
        (["add", "ben", "--volumes", "0"], "'0' is not a number from 1 to 1000"),
        (["add", "ben", "--jobs", "many"], "'many' is not a number from 1 to 1000"),
        (["add", "ben", "--memory", "nan"], "'nan' is not a size in GiB from 0.001"),
        (["revoke", "ben"], "has no user 'ben'.\n  It has: anna."),
    ],
)
def test_what_is_wrong_is_told(run, file, arguments, said):
    run("users", "add", file, "anna")
    before = file.read_bytes()
    result = run("users", arguments[0], file, *arguments[1:])
    assert result.status in (2, 3)
    assert said in result.err
    assert file.read_bytes() == before


def test_missing_file_says_how_it_is_made(run, file):
    result = run("users", "list", file)
    assert result.status == 3
    assert f"Make it: medsamseg users add {file} NAME" in result.err


def test_file_that_others_can_read_is_refused(run, file):
    run("users", "add", file, "anna")
    file.chmod(0o640)
    result = run("users", "list", file)
    assert "is open to others than its owner (mode 640)" in result.err
    assert f"chmod 600 {file}" in result.err


def _changed(file, change):
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


DAMAGES = {
    "no JSON": lambda file: file.write_text("{"),
    "a list": lambda file: file.write_text("[]"),
    "too long": lambda file: file.write_text(" " * (2**20 + 1)),
    "no text": lambda file: file.write_bytes(b"\xff\xfe\x00"),
    "another version": lambda file: _changed(file, lambda c: c.update(version=2)),
    "unknown field": lambda file: _changed(file, lambda c: c["users"][0].update(role="admin")),
    "short hash": lambda file: _changed(file, lambda c: c["users"][0].update(token_sha256="00")),
    "no text as hash": lambda file: _changed(file, lambda c: c["users"][0].update(token_sha256=0)),
    "path as id": lambda file: _changed(file, lambda c: c["users"][0].update(user_id="../../etc/passw")),
    "no quota": lambda file: _changed(file, lambda c: c["users"][0].pop("quota")),
    "quota of nothing": lambda file: _changed(file, lambda c: c["users"][0]["quota"].update(jobs=0)),
    "quota as text": lambda file: _changed(file, lambda c: c["users"][0]["quota"].update(jobs="9")),
    "one user twice": lambda file: _changed(file, lambda c: c["users"].append(c["users"][0])),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_not_half_used(run, file, damage):
    run("users", "add", file, "anna")
    DAMAGES[damage](file)
    with pytest.raises(MedSAMSegError) as raised:
        read_users(file)
    assert raised.value.code == "users_file_damaged"
    before = file.read_bytes()
    assert run("users", "add", file, "ben").status == 4
    assert file.read_bytes() == before


def test_two_changes_at_once_lose_nothing(file):
    with exclusive_lock(file.with_name(".users.json.lock")), pytest.raises(MedSAMSegError) as raised:
        add_user(file, "anna", Quota())
    assert raised.value.code == "users_file_busy"
    assert not file.exists()


def test_reader_never_meets_half_a_file(file):
    add_user(file, "anna", Quota())
    stop = threading.Event()
    problems = []

    def read():
        while not stop.is_set():
            try:
                assert read_users(file)[0].name == "anna"
            except Exception as error:
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        add_user(file, f"user{number}", Quota())
        revoke_user(file, f"user{number}")
    stop.set()
    reader.join()
    assert problems == []
