"""The types of the HTTP contract for clicks: one point on an object, of which the model makes a box."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from medsamseg_server.engine.clicks import ClickedBox
from medsamseg_server.engine.prompts import Box
from medsamseg_server.serving.contract import Axis, ModelName, WindowText
from medsamseg_server.serving.contract_types import Index, Reply, Request

_Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class ClickRequest(Request):
    """A point, as x, y in pixels of the slice, near the middle of an object. The model must have learned clicks."""

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    slice: Index
    point: tuple[_Coordinate, _Coordinate]


class ClickReply(Reply):
    """The box round the object, as one that a user would draw: a proposal to look at, and to change."""

    box: Box
    embedding: Literal["cached", "computed"]
    seconds_encoding: float
    model: str

    @classmethod
    def of(cls, found: ClickedBox, model: str) -> ClickReply:
        """Return the reply's form of a box."""
        embedding: Literal["cached", "computed"] = "cached" if found.was_cached else "computed"
        return cls(box=found.box, embedding=embedding, seconds_encoding=round(found.seconds, 4), model=model)
