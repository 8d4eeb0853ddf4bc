"""Replicas of a cluster in this process, without Ray: what goes where, and one that dies."""

import asyncio
import contextlib

from medsamseg_server.cluster.homes import Homes
from medsamseg_server.cluster.messages import ReplicaLostError
from medsamseg_server.cluster.replica import Replica


class LocalReplicas:
    """Real replicas, called as Ray would call them; see `cluster.messages.Replicas`.

    `asked` has the number of the replica and the method of every call to a home.
    """

    def __init__(self, options, load_predictor, count=2):
        self._make = lambda: Replica(options, load_predictor)
        self._homes = Homes()
        self._there = {number: self._make() for number in range(count)}
        self._died = {number: asyncio.Event() for number in self._there}
        self.asked = []
        self.made = list(self._there.values())

    def number_of(self, home):
        """Return which replica a home is on."""
        return self._homes.home_of(home, self._there)

    def kill(self, number):
        """End a replica, with what it is at; a new one takes its place."""
        self._there.pop(number)
        self._died.pop(number).set()
        new = len(self.made)
        self._there[new], self._died[new] = self._make(), asyncio.Event()
        self.made.append(self._there[new])

    async def call(self, home, method, *arguments):
        number = self.number_of(home)
        self.asked.append((number, method))
        return await self._unless_it_dies(number, getattr(self._there[number], method)(*arguments))

    async def call_all(self, method, *arguments):
        return [await getattr(each, method)(*arguments) for each in self._there.values()]

    async def stream(self, home, request):
        number = self.number_of(home)
        self.asked.append((number, "stream"))
        async with contextlib.aclosing(self._there[number].stream(request)) as pieces:
            while True:
                try:
                    piece = await self._unless_it_dies(number, anext(pieces))
                except StopAsyncIteration:
                    return
                yield piece

    async def copy_volume(self, key, home):
        await self.call(home, "adopt", key, await self.call(key, "lend", key))

    def close(self):
        for replica in self.made:
            replica._service.close()
            if replica._group:
                replica._group.stop()

    async def _unless_it_dies(self, number, work):
        died = self._died[number]
        work, death = asyncio.ensure_future(work), asyncio.ensure_future(died.wait())
        await asyncio.wait({work, death}, return_when=asyncio.FIRST_COMPLETED)
        if died.is_set():
            work.cancel()
            await asyncio.wait({work})
            raise ReplicaLostError
        death.cancel()
        return await work
