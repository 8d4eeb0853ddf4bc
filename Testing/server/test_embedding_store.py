"""Embeddings in object stores: fsspec's memory and a real HTTP server; what is wrong there reaches no caller."""

import http.server
import threading
import uuid

import fsspec
import numpy as np
import pytest

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.group.known_users import KnownUsers
from medsamseg_server.serving.group.users_file import Quota, add_user
from medsamseg_server.serving.serve_options import ServeOptions
from medsamseg_server.system.places import StoreUrl, drop_folders, place_of

SHAPE = (4, 8, 8)


def embedding(number):
    return np.full(SHAPE, number, np.float16)


class Objects(http.server.BaseHTTPRequestHandler):
    """Keeps what is put, and sends it; `broken` answers everything with an error."""

    protocol_version = "HTTP/1.1"

    def _reply(self, status, content=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _find(self):
        if self.server.broken:
            self._reply(503, b"down")
        elif self.path in self.server.kept:
            self._reply(200, self.server.kept[self.path])
        else:
            self._reply(404)

    do_GET = do_HEAD = _find

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.broken:
            self._reply(503, b"down")
            return
        self.server.kept[self.path] = content
        self._reply(201)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Objects) as server:
        server.kept, server.broken = {}, False
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(params=["memory", "http"])
def store(request, web):
    """A place of the test's own, and a function that says what is in it under a name, or puts something else there."""
    name = uuid.uuid4().hex
    if request.param == "memory":
        url, files = f"memory://{name}", fsspec.filesystem("memory")

        def content(key, value=None):
            if value is not None:
                files.pipe_file(f"/{name}/{key}", value)
            return files.cat_file(f"/{name}/{key}")
    else:
        url = f"http://127.0.0.1:{web.server_port}/{name}"

        def content(key, value=None):
            if value is not None:
                web.kept[f"/{name}/{key}"] = value
            return web.kept[f"/{name}/{key}"]

    return place_of(url), content


def test_what_one_server_keeps_another_one_finds(store):
    place, _ = store
    first = EmbeddingCache(folder=place)
    assert not first.has("a", SHAPE) and first.get("a", SHAPE) is None
    first.put("a", embedding(3))
    second = EmbeddingCache(folder=place)
    assert second.has("a") and second.has("a", SHAPE) and not second.has("a", (1, *SHAPE))
    np.testing.assert_array_equal(second.get("a", SHAPE), embedding(3))
    assert EmbeddingCache(folder=place).get("a", (8, 4, 8)) is None


def test_an_object_is_the_file_of_a_folder(store, tmp_path):
    place, content = store
    EmbeddingCache(folder=place).put("a", embedding(3))
    EmbeddingCache(folder=tmp_path).put("a", embedding(3))
    assert content("a.embedding") == (tmp_path / "a.embedding").read_bytes()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: whole + b"more", lambda _: b"senseless"])
def test_a_damaged_object_is_none_and_is_made_again(store, damage, caplog):
    place, content = store
    EmbeddingCache(folder=place).put("a", embedding(3))
    content("a.embedding", damage(content("a.embedding")))
    cache = EmbeddingCache(folder=place)
    assert cache.get("a", SHAPE) is None
    assert "damaged" in caplog.text
    cache.put("a", embedding(3))
    np.testing.assert_array_equal(EmbeddingCache(folder=place).get("a", SHAPE), embedding(3))


def test_a_store_that_is_down_costs_no_answer_and_one_line_of_the_log(web, caplog):
    cache = EmbeddingCache(folder=place_of(f"http://127.0.0.1:{web.server_port}/down"))
    web.broken = True
    try:
        for number in range(3):
            assert cache.get("a", SHAPE) is None
            assert not cache.has("a", SHAPE)
            cache.put("a", embedding(number))
            cache._memory.clear()
    finally:
        web.broken = False
    assert [record.message.partition(" cannot be ")[0] for record in caplog.records] == [
        f"The embedding store in http://127.0.0.1:{web.server_port}/down"
    ]


def test_a_stores_room_and_memory_are_told_from_a_folders(tmp_path):
    assert EmbeddingCache(folder=StoreUrl("memory://room")).room > 10**9
    assert EmbeddingCache(folder=StoreUrl("memory://room"), disk_bytes=0)._disk is None
    assert isinstance(EmbeddingCache(folder=tmp_path)._disk, EmbeddingFolder)


def test_URLs_of_folders_are_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place_of(f"file://{tmp_path}/a%20b") == tmp_path / "a b" == place_of("a b") == place_of(f"{tmp_path}/a b")
    assert place_of("s3://bucket/a") / "b" == StoreUrl("s3://bucket/a/b")


def test_no_secret_of_a_URL_is_told():
    assert str(StoreUrl("s3://key:secret@host/bucket?token=secret")) == "s3://host/bucket"
    assert str(StoreUrl("s3://bucket/a/b")) == "s3://bucket/a/b"


@pytest.mark.parametrize("url, code", [("nonsense://a", "store_unusable"), ("smb://host/share", "store_not_installed")])
def test_a_store_that_cannot_be_used_is_refused(url, code):
    with pytest.raises(MedSAMSegError) as refused:
        StoreUrl(url).open()
    assert refused.value.code == code


def test_former_users_leave_nothing_in_a_store():
    place = place_of(f"memory://{uuid.uuid4().hex}")
    for name in ("anna", "ben"):
        EmbeddingCache(folder=place / name).put("a", embedding(1))
    drop_folders(place, {"anna"})
    assert EmbeddingCache(folder=place / "anna").has("a")
    assert not EmbeddingCache(folder=place / "ben").has("a")
    drop_folders(place / "nowhere", set())


def test_users_of_a_server_have_places_of_their_own_in_a_store(home, tmp_path):
    file, place = tmp_path / "users.json", place_of(f"memory://{uuid.uuid4().hex}")
    add_user(file, "anna", Quota())
    options = ServeOptions(users=file, embeddings_folder=place)
    service = options.make_service()
    group = options.make_group(service)
    try:
        (caller,) = KnownUsers(file).ids
        group.service_of(caller, claims=True).engine._embeddings.cache.put("a", embedding(2))
        own = next(each for each in fsspec.filesystem("memory").find(place.url) if each.endswith("a.embedding"))
        assert own.split("/")[-3].startswith("group-") and own.split("/")[-2] == caller
    finally:
        group.stop()
        service.close()
