"""What every part of the results has in common: frozen, nothing unknown, no NaN, no infinity."""

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """A part of the results: frozen, nothing unknown, no NaN and no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
