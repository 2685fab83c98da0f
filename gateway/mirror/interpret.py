"""What an arm's whole reply means under the protocol: a score and a flag, or why it is invalid."""

from dataclasses import dataclass

from gateway.mirror.reply import parse
from protocols.reading import ReplyReader, identity_matches
from protocols.schema import ArmPlan
from protocols.vocabulary import Fate

IDENTITY_MISMATCH = "identity_mismatch"
NO_IDENTITY = "no_identity"


@dataclass(frozen=True, slots=True)
class Interpreted:
    """`detail` is a closed word, None when answered. What the arm calls itself is kept."""

    fate: Fate
    detail: str | None = None
    score: float | None = None
    flag: bool | None = None
    name: str | None = None
    version: str | None = None
    digest: str | None = None


class Interpreter:
    """Reads replies of one registered arm."""

    def __init__(self, plan: ArmPlan) -> None:
        self._plan = plan
        self._reader = ReplyReader(plan)

    def interpret(self, content: bytes) -> Interpreted:
        """Interpret a complete reply of HTTP status 200; total.

        Who answered comes first: a score of another model is not this arm's, however fine it is.
        """
        parsed = parse(content)
        if parsed.problem is not None:
            return Interpreted(Fate.INVALID, parsed.problem)
        reading = self._reader.read(parsed.value)
        who = (_clean(reading.name), _clean(reading.version), _clean(reading.digest))
        if reading.problem == NO_IDENTITY:
            return Interpreted(Fate.INVALID, NO_IDENTITY, None, None, *who)
        if not identity_matches(reading, self._plan):
            return Interpreted(Fate.INVALID, IDENTITY_MISMATCH, None, None, *who)
        if reading.problem is not None:
            return Interpreted(Fate.INVALID, reading.problem, None, None, *who)
        return Interpreted(Fate.ANSWERED, None, reading.score, reading.flag, *who)


def _clean(text: str | None) -> str | None:
    # PostgreSQL stores no NUL; the reader has bounded the length.
    return None if text is None else text.replace("\0", "?")
