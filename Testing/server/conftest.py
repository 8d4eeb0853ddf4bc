"""What the server's tests share: a fake network in an engine, and the service and application on top of it."""

import contextlib
import hashlib
import socket
import threading

import pytest
import uvicorn
from dataFolder import home, ownHome
from live_client import Connection
from server_fakes import TOKEN, FakePredictor, Watch, npy, rod
from starlette.testclient import TestClient

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.service import Service
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore


@pytest.fixture
def store(home):
    """A store that says that LiteMedSAM is installed."""
    made = ModelStore()
    made.folder.mkdir(parents=True)
    made.final_path("litemedsam").write_bytes(b"the fake network needs none")
    return made


@pytest.fixture
def watch():
    made = Watch()
    yield made
    made.release()


@pytest.fixture
def engine(store, watch):
    return Engine(store, EmbeddingCache(), load_predictor=lambda specification, *_: FakePredictor(specification, watch))


@pytest.fixture
def service(engine, watch):
    made = Service(engine)
    yield made
    made.stop()
    watch.release()
    made.close()


@pytest.fixture
def volume():
    return Volume.from_array(rod())


@pytest.fixture
def client(service):
    with TestClient(create_app(service, TOKEN, upload_bytes=2**20), base_url="http://127.0.0.1") as made:
        made.headers["Authorization"] = f"Bearer {TOKEN}"
        yield made


@pytest.fixture
def upload(client):
    """Uploads an array; returns the volume's address."""

    def put(array):
        body = npy(array)
        path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
        assert client.put(path, content=body).status_code in (200, 201)
        return path

    return put


@pytest.fixture
def rod_path(upload):
    return upload(rod())


@pytest.fixture
def live(service):
    """The application behind a real socket, on a thread of this process; gives its port."""
    config = uvicorn.Config(
        create_app(service, TOKEN),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        loop="asyncio",
        http="h11",
        port=0,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=[[listener]])
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    service.stop()
    thread.join()


@pytest.fixture
def server(live):
    """A client of `live`."""
    with contextlib.closing(Connection(live)) as client:
        yield client


@pytest.fixture
def path(server):
    """The address of the rod, uploaded through `server`."""
    return server.upload(rod())
