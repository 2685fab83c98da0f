"""One protocol, one sequence of bytes, one digest (RFC 8785, JSON Canonicalization Scheme).

The digest is taken over the typed content, so that comments, key order and quoting in the YAML
do not change it and any change of meaning does.
"""

import hashlib
from typing import Any, cast

import rfc8785
from pydantic import ValidationError

from protocols.errors import DocumentError, UsageError
from protocols.schema import Protocol


def canonical_json(value: object) -> bytes:
    """RFC 8785 bytes. Raises UsageError for NaN, infinity, integers beyond 2^53 and odd types."""
    try:
        return rfc8785.dumps(cast("Any", value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as problem:
        raise UsageError(
            "NOT_CANONICAL",
            f"This value has no canonical JSON ({problem}); give finite numbers, text, lists "
            "and objects only.",
        ) from problem


def canonical_protocol(protocol: Protocol) -> bytes:
    """The bytes that are registered, and that the digest is taken of."""
    return canonical_json(protocol.model_dump(mode="json"))


def digest_of(protocol: Protocol) -> str:
    """`sha256:` and 64 hexadecimal digits: the protocol's name in every record and report."""
    return "sha256:" + hashlib.sha256(canonical_protocol(protocol)).hexdigest()


def from_canonical(text: str) -> Protocol:
    """A registered protocol read back from its canonical text."""
    try:
        return Protocol.model_validate_json(text)
    except ValidationError as problem:
        raise DocumentError(
            "CANONICAL_DAMAGED",
            f"The registered protocol cannot be read back ({problem.error_count()} mismatches "
            "with the schema); restore it from a backup or an export.",
        ) from problem
