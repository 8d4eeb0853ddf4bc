"""What the types of the HTTP contract are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SmallInteger = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Index = SmallInteger


class Request(BaseModel):
    """What is sent; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Reply(BaseModel):
    """What is answered."""

    model_config = ConfigDict(protected_namespaces=())
