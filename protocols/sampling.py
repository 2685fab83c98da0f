"""Which subjects are mirrored: a fixed choice by the subject's token, the same on every machine."""

import hashlib


def is_sampled(subject_token: str, trial: str, share: float) -> bool:
    """Whether this subject is in the mirrored `share` of the trial.

    The token is a keyed hash already, so its digest with the trial's name is as good as random
    and nobody can choose it. All encounters of a subject share one fate, and a larger share keeps
    every subject of a smaller one.
    """
    digest = hashlib.sha256(f"{trial}\n{subject_token}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
