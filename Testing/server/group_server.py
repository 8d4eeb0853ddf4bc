"""A server that a group shares, behind a real socket on a thread of this process."""

import contextlib
import socket
import threading

import uvicorn
from live_client import Connection

from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.group.group import Group, Shares
from medsamseg_server.serving.group.users_file import Quota, add_user, revoke_user


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


class GroupServer:
    """The server; `add` makes a user and gives a connection of that user."""

    def __init__(self, service, folder, **shares):
        self.file = folder / "users.json"
        self.embeddings = folder / "embeddings"
        self.clock = Clock()
        self._first = add_user(self.file, "nobody", Quota())
        usual = {
            "places": 4,
            "volume_bytes": 2**32,
            "embedding_bytes": 2**30,
            "embedding_disk_bytes": 0,
            "embeddings_folder": self.embeddings,
        }
        self.group = Group(self.file, service, Shares(**{**usual, **shares}), self.clock)

    @contextlib.contextmanager
    def running(self, service, **options):
        app = create_app(service, "", group=self.group, **options)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", loop="asyncio", http="h11", port=0
        )
        server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=[[listener]])
        thread.start()
        self.port = listener.getsockname()[1]
        try:
            yield self
        finally:
            server.should_exit = True
            service.stop()
            thread.join()

    def add(self, name, volumes=4, memory=2**20, jobs=8):
        return Connection(self.port, add_user(self.file, name, Quota(volumes, memory, jobs)))

    def revoke(self, name):
        revoke_user(self.file, name)
