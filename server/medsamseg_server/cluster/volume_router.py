"""How Ray Serve finds the replica for a request; loaded by Serve, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ray.serve.request_router import RequestRouter

from medsamseg_server.cluster.homes import Homes

if TYPE_CHECKING:
    from ray.serve.request_router import PendingRequest, ReplicaID, RunningReplica


class VolumeRouter(RequestRouter):  # type: ignore[misc, unused-ignore]
    """Sends what has the same multiplexed model ID, a volume's key or a user, to the same replica at once.

    Serve's own routers learn from replicas, a moment late, which models they have: a click right after an upload would
    miss its volume. Here the one process that lets requests in decides it, and remembers.
    """

    def initialize_state(self, **_arguments: object) -> None:
        """Begin without any home; called by Serve."""
        self._homes: Homes[ReplicaID] = Homes()

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Return the one replica that may have a request, or all for one without a home; called by Serve."""
        if pending_request is None or not candidate_replicas:
            return [candidate_replicas]
        # One that has too much to do is asked again after a pause.
        pending_request.routing_context.should_backoff = True
        name = pending_request.metadata.multiplexed_model_id
        if not name:
            return [candidate_replicas]
        there = {replica.replica_id: replica for replica in candidate_replicas}
        return [[there[self._homes.home_of(name, there)]]]
