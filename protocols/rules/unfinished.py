"""Words that the schema knows and no engine obeys yet: refused, so that none is ignored in silence.

Each entry goes when its engine part is read by a look.
"""

from collections.abc import Callable, Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.schema import Protocol

# path of the field: whether the protocol asks for what is not obeyed yet
NOT_YET: dict[str, Callable[[Protocol], bool]] = {
    "re_estimation": lambda p: p.re_estimation is not None,
}


def not_implemented(protocol: Protocol) -> Iterator[Finding]:
    """What is registered is done; what cannot be done yet is not registered."""
    for path, asked in NOT_YET.items():
        if asked(protocol):
            message = f"`{path}` asks for something that no look does yet."
            remedy = "Leave it out (null, [] or the word used so far) until a version does it."
            yield error(Code.NOT_IMPLEMENTED_YET, path, message, remedy)


RULES = (not_implemented,)
