"""Eight users on one server, most with the same volumes, and viewers of nnInteractive: right answers, nothing lost."""

import hashlib
import json
import random
import threading
from collections import Counter

import httpx
import numpy as np
from live_client import Connection
from nnInteractive.inference.remote.remote_session import (
    ServerAtCapacityError,
    SessionExpiredError,
    nnInteractiveRemoteInferenceSession,
)
from server_fakes import npy
from server_process import FAKE_PROGRAM, RunningServer
from soakVolumes import BOX, WINDOW, makeVolume, rightMask

from medsamseg_server.serving.group.users_file import Quota, add_user, revoke_user
from medsamseg_server.serving.prompt_contract import DrawnMask

#: Of these every user has all, beside one of the own.
COMMON = 3
SLICES = 12
#: A box of a viewer is followed through the volume; so many clicks of a user take about as long.
CLICKS_A_BOX = 20


class Users:
    """Clicks, propagations and attempts on others' volumes and jobs, of several users at once.

    :param home: folder for the server's data.
    :param users, clicks: how many; clicks of all users together.
    :param viewers: further users, whose viewers speak nnInteractive's protocol.
    """

    def __init__(self, home, users=8, clicks=4000, viewers=2):
        self._home = home
        self._users = users
        self._viewers = viewers
        self._clicks = clicks // users
        self._common = [makeVolume(seed, SLICES) for seed in range(COMMON)]
        self._own = [makeVolume(100 + user, SLICES) for user in range(users)]
        self._lock = threading.Lock()
        #: A visitor comes after each of these clicks: one who came all the time would take more time than all others.
        self._clicked = threading.Semaphore(0)
        self.counts = Counter()

    def run(self):
        """:return: dict of figures."""
        file = self._home / "users.json"
        quota = Quota(COMMON + 1, 2**26, 4)
        tokens = [add_user(file, f"user{number}", quota) for number in range(self._users)]
        viewers = [add_user(file, f"viewer{number}", quota) for number in range(self._viewers)]
        options = ["--users", str(file), "--places", str(self._users + self._viewers + 1), "--volume-memory", "1"]
        options += ["--nninteractive", str(self._viewers)]
        server = RunningServer(FAKE_PROGRAM, *options, environment=[("MEDSAMSEG_HOME", str(self._home))])
        try:
            port = server.ready["port"]
            threads = [
                threading.Thread(target=self._work, args=[number, Connection(port, token)])
                for number, token in enumerate(tokens)
            ]
            threads += [
                threading.Thread(target=self._view, args=[number, f"http://127.0.0.1:{port}", token, tokens[0]])
                for number, token in enumerate(viewers)
            ]
            visits = threading.Thread(target=self._visit, args=[file, port, quota, threads])
            for thread in (*threads, visits):
                thread.start()
            for thread in (*threads, visits):
                thread.join()
            died = server.process.poll() is not None
        finally:
            server.process.kill()
            server.process.communicate()
        faults = dict.fromkeys(("cross_user_reads", "lost_sessions", "wrong_masks", "http_500"), 0)
        return {**faults, **self.counts, "users": self._users, "viewers": self._viewers, "server_died": int(died)}

    def _work(self, number, client):
        chance = random.Random(number)
        volumes = [*self._common, self._own[number]]
        paths = [client.upload(voxels) for voxels in volumes]
        others = [pathOf(voxels) for user, voxels in enumerate(self._own) if user != number]
        for _click in range(self._clicks):
            which, index = chance.randrange(len(paths)), chance.randrange(SLICES)
            self._click(client, paths[which], volumes[which], index)
            if chance.random() < 0.1:
                self._pry(client, number, chance.choice(others), chance.randrange(self._users))
            if chance.random() < 0.05:
                self._propagate(client, number, paths[which])
            self._clicked.release()

    def _click(self, client, path, voxels, index):
        body = {"slice": index, "window": WINDOW, "prompts": [{"box": BOX}]}
        status, answer = self._ask(client, "POST", f"{path}/segment", body)
        self._count("clicks")
        if status != 200:
            # Nobody was idle, and all volumes are within the quota.
            self._count("lost_sessions")
            return
        found = np.zeros(voxels.shape[1:], bool)
        mask = answer["masks"][0]
        if mask["extent"] is not None:
            drawn = DrawnMask(extent=mask["extent"], bits=mask["bits"])
            drawn.to_slice_mask(found.shape).paint(found, True)
        self._count("wrong_masks", not np.array_equal(found, rightMask(voxels[index])))

    def _pry(self, client, number, path, other):
        """Try to see, delete and cancel what is somebody else's."""
        body = {"slice": 5, "window": WINDOW, "prompts": [{"box": BOX}]}
        attempts = [("GET", path, None), ("DELETE", path, None), ("POST", f"{path}/segment", body)]
        if other != number:
            attempts.append(("POST", f"/v1/jobs/job-of-{other}/cancel", None))
        for attempt in attempts:
            status, _answer = self._ask(client, *attempt)
            self._count("attempts")
            self._count("cross_user_reads", status != 404)

    def _propagate(self, client, number, path):
        prompts = [{"slice": SLICES // 2, "box": BOX}]
        body = {"window": WINDOW, "prompts": prompts, "job": f"job-of-{number}"}
        connection, reply = client.send("POST", f"{path}/propagate", body)
        last = json.loads(reply.read().splitlines()[-1])
        connection.close()
        self._count("propagations")
        self._count("lost_sessions", last.get("event") != "done")

    def _view(self, number, address, token, other):
        """Follow boxes as a viewer does; try another user's token on its session."""
        chance = random.Random(100 + number)
        client = nnInteractiveRemoteInferenceSession(address, token)
        try:
            for _box in range(max(1, self._clicks // CLICKS_A_BOX)):
                image, right, box = _objectIn(chance)
                client.set_image(image[None], {"spacing": [3.0, 1.0, 1.0]})
                client.set_target_buffer(np.zeros(image.shape, np.uint8))
                client.add_bbox_interaction(box, True)
                self._count("viewer_boxes")
                self._count("wrong_masks", not np.array_equal(client.target_buffer, right))
                headers = {"Authorization": f"Bearer {other}", "X-Lease-Token": client._http.headers["X-Lease-Token"]}
                self._count("attempts")
                self._count("cross_user_reads", httpx.post(f"{address}/undo", headers=headers).status_code != 410)
        except (httpx.HTTPError, SessionExpiredError, ServerAtCapacityError):
            self._count("lost_sessions")
        finally:
            client.close()

    def _visit(self, file, port, quota, threads):
        """Let a user in and put them out again after each click, as long as the others work; each is out at once."""
        while any(thread.is_alive() for thread in threads):
            # The last ones may be at work on something else than clicks.
            if not self._clicked.acquire(timeout=0.1):
                continue
            visitor = Connection(port, add_user(file, "visitor", quota))
            path = visitor.upload(self._common[0])
            revoke_user(file, "visitor")
            self._count("visits")
            self._count("cross_user_reads", self._ask(visitor, "GET", path)[0] != 401)

    def _ask(self, client, *request):
        status, answer = client.ask(*request)
        self._count("http_500", status >= 500)
        return status, answer

    def _count(self, name, number=1):
        with self._lock:
            self.counts[name] += int(number)


def _objectIn(chance):
    """:return: an image with a bright object somewhere, its mask, and a box round it on its middle slice."""
    right = np.zeros((SLICES, 32, 32), bool)
    row, column = chance.randrange(4, 16), chance.randrange(4, 16)
    right[2:10, row : row + 10, column : column + 10] = True
    image = np.where(right, 200, 20).astype(np.uint8) + np.arange(SLICES, dtype=np.uint8)[:, None, None]
    return image, right, [[5, 6], [row - 2, row + 12], [column - 2, column + 12]]


def pathOf(voxels):
    """:return: the address that whoever has the voxels can work out."""
    return f"/v1/volumes/{hashlib.sha256(npy(voxels)).hexdigest()}"
