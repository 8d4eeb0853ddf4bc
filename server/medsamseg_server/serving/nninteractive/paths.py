"""The protocol's addresses, known without the packages that its arrays need."""

from __future__ import annotations

#: Open to everybody; it tells that a server is there, and nothing else.
OPEN_PATHS = frozenset({"/healthz"})
#: Gives a client its place.
CLAIM_PATH = "/claim"
#: Bodies of these are arrays.
UPLOAD_PATHS = frozenset(
    {"/set_image", "/add_scribble_interaction", "/add_lasso_interaction", "/add_initial_seg_interaction"}
)
#: About the place, or the session, of the client that asks.
LEASE_PATHS = UPLOAD_PATHS | {
    CLAIM_PATH,
    "/release",
    "/heartbeat",
    "/lease_status",
    "/capabilities",
    "/set_target_buffer",
    "/set_do_autozoom",
    "/reset_interactions",
    "/undo",
    "/predict",
    "/add_bbox_interaction",
    "/add_point_interaction",
}
#: The header in which a client names its place.
LEASE_HEADER = "X-Lease-Token"
