"""What every section of a protocol has in common, and the small field types."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Section(BaseModel):
    """A frozen part of the document; keys that the schema does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
"""A name that may stand in a URL and a file name."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
"""A name that may stand in an expression: H1, AUC, FAS, missed_event."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=4000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

Expression = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
"""A condition in the small language of `protocols.expressions`."""

Path = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A JMESPath into an arm's JSON reply."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A proportion in [0, 1]; never percent."""

Positive = Annotated[float, Field(gt=0)]
OneSidedAlpha = Annotated[float, Field(gt=0, lt=0.5)]
Milliseconds = Annotated[int, Field(gt=0, le=600_000)]

ParameterValue = float | int | str | bool | tuple[float, ...]
"""A value that a measure or a method asks for; the rules hold it against what is asked."""
