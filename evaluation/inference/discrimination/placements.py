"""Placement values: how each event ranks among the non-events, and what varies with them.

Placements come from one sort an arm, O(n log n), and are counted in whole numbers, so that sums
are exact and row order changes no bit. A higher score speaks for the event.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, exact_sum

SAFE = 2**62
"""Half of what a 64-bit integer holds."""


@dataclass(frozen=True, slots=True)
class Placements:
    """Of one arm. `event[i]` counts twice the non-events below event i, ties once each.

    `non_event[j]` counts twice the events above non-event j, ties once each. A difference of two
    arms' placements has the same shape and the variance of the difference of their areas.
    """

    event: IntArray
    non_event: IntArray

    @property
    def area(self) -> float:
        """The area under the ROC curve, in [0, 1], correctly rounded."""
        return int(self.event.sum()) / (2 * len(self.event) * len(self.non_event))

    def less(self, other: "Placements") -> "Placements":
        """These placements minus those of another arm on the same encounters."""
        return Placements(self.event - other.event, self.non_event - other.non_event)


def placements(scores: FloatArray, outcome: BoolArray) -> Placements:
    """Placements of the scores of one arm; infinite scores are the worst or best ranks."""
    order = np.argsort(scores)
    ordered = scores[order]
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    edges = np.concatenate(([0], starts, [len(scores)]))
    others = np.concatenate(([0], np.cumsum(~outcome[order])))
    others_twice = others[edges[:-1]] + others[edges[1:]]
    events_twice = edges[:-1] + edges[1:] - others_twice
    size, n_events = np.diff(edges), int(np.count_nonzero(outcome))
    below = np.repeat(others_twice, size)
    above = np.repeat(2 * n_events - events_twice, size)
    own = np.empty(len(scores), dtype=np.int64)
    own[order] = np.where(outcome[order], below, above)
    return Placements(own[outcome], own[~outcome])


def square_sum(values: IntArray) -> int:
    """The exact sum of squares, in pieces that a 64-bit integer can hold."""
    largest = max(1, int(np.abs(values).max(initial=0)))
    step = max(1, SAFE // largest**2)
    pieces = (values[i : i + step] for i in range(0, len(values), step))
    return sum(int(np.dot(piece, piece)) for piece in pieces)


def _spread(values: IntArray) -> int:
    """n times the sum of squared deviations from the mean, exactly."""
    return len(values) * square_sum(values) - int(values.sum()) ** 2


def delong_variance(parts: Placements) -> float:
    """Variance of an area, or of a difference when `parts` holds differences of placements.

    Needs two events and two non-events. DeLong et al. 1988, equation 4.
    """
    m, n = len(parts.event), len(parts.non_event)
    events = _spread(parts.event) / (4 * n * n * (m - 1) * m * m)
    return events + _spread(parts.non_event) / (4 * m * m * (n - 1) * n * n)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subject of every encounter as 0 .. `n` - 1, and how many have events and non-events."""

    index: IntArray
    n: int
    with_events: int
    with_non_events: int

    @classmethod
    def of(cls, cluster: IntArray, outcome: BoolArray) -> "Subjects":
        """Numbers the subjects and counts those with an event, and with a non-event."""
        index, k = _numbered(cluster)
        events = np.count_nonzero(np.bincount(index[outcome], minlength=k))
        others = np.count_nonzero(np.bincount(index[~outcome], minlength=k))
        return cls(index, k, int(events), int(others))

    @classmethod
    def alone(cls, outcome: BoolArray) -> "Subjects":
        """Every encounter a subject of its own."""
        events = int(np.count_nonzero(outcome))
        index = np.arange(len(outcome), dtype=np.int64)
        return cls(index, len(outcome), events, len(outcome) - events)

    @property
    def fewest(self) -> int:
        """Subjects with events, or with non-events, whichever are fewer."""
        return min(self.with_events, self.with_non_events)


def _numbered(cluster: IntArray) -> tuple[IntArray, int]:
    """Labels as 0 .. K-1 in their order, and K; without a sort where labels are small."""
    n = len(cluster)
    if n == 0 or cluster.min() < 0 or cluster.max() > 4 * n:
        labels, index = np.unique(cluster, return_inverse=True)
        return index.astype(np.int64), len(labels)
    place = np.cumsum(np.bincount(cluster) > 0)
    return (place[cluster] - 1).astype(np.int64), int(place[-1])


def subject_variance(parts: Placements, outcome: BoolArray, subjects: Subjects) -> float:
    """`delong_variance` with encounters nested in subjects; equal when each has one encounter.

    Needs events in two subjects and non-events in two. Obuchowski 1997, equations 5 to 7: a
    subject without events counts in I only.
    """
    k, m, n = subjects.n, len(parts.event), len(parts.non_event)
    x = _centred(parts.event, subjects.index[outcome], k) / (2 * n)
    y = _centred(parts.non_event, subjects.index[~outcome], k) / (2 * m)
    i, j = subjects.with_events, subjects.with_non_events
    events = i / (i - 1) * exact_sum(x * x) / m**2
    non_events = j / (j - 1) * exact_sum(y * y) / n**2
    return events + non_events + 2 * k / (k - 1) * exact_sum(x * y) / (m * n)


def subject_influence(parts: Placements, outcome: BoolArray, subjects: Subjects) -> FloatArray:
    """What each subject adds beyond its expectation; the squares add up to a variance."""
    m, n = len(parts.event), len(parts.non_event)
    x = _centred(parts.event, subjects.index[outcome], subjects.n)
    y = _centred(parts.non_event, subjects.index[~outcome], subjects.n)
    return np.asarray((x + y) / (2 * n * m), dtype=np.float64)


def obuchowski_variance(parts: Placements, outcome: BoolArray, cluster: IntArray) -> float:
    """`subject_variance` from the subjects' labels. Obuchowski 1997, Biometrics 53:567."""
    return subject_variance(parts, outcome, Subjects.of(cluster, outcome))


def _centred(values: IntArray, index: IntArray, k: int) -> FloatArray:
    """Sums of a subject less its share of the total."""
    sums = np.bincount(index, weights=values, minlength=k)  # whole numbers: order is immaterial
    mean = int(values.sum()) / len(values)
    return np.asarray(sums - np.bincount(index, minlength=k) * mean, dtype=np.float64)


def left_out_areas(scores: FloatArray, outcome: BoolArray, subjects: Subjects) -> FloatArray:
    """The area without each subject in turn, O(n log n); NaN where a class goes missing.

    A subject takes along its pairs of an event with a non-event: those with others, counted by
    its placements on both sides, less those within itself, which both sides count.
    """
    whole, k = placements(scores, outcome), subjects.n
    events, others = subjects.index[outcome], subjects.index[~outcome]
    within = np.bincount(subjects.index, weights=_within(scores, outcome, subjects), minlength=k)
    lost = np.bincount(events, weights=whole.event, minlength=k) - within
    lost += np.bincount(others, weights=whole.non_event, minlength=k)
    m = len(events) - np.bincount(events, minlength=k)
    n = len(others) - np.bincount(others, minlength=k)
    pairs = 2.0 * m * n
    kept = int(whole.event.sum()) - lost
    left_out = np.full(k, np.nan)
    np.divide(kept, pairs, out=left_out, where=pairs > 0)
    return left_out


def _within(scores: FloatArray, outcome: BoolArray, subjects: Subjects) -> FloatArray:
    """For events, twice the non-events of the same subject below; 0 for non-events."""
    order = np.lexsort((scores, subjects.index))
    ordered, owner = scores[order], subjects.index[order]
    new = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
    edges = np.concatenate(([0], np.flatnonzero(new) + 1, [len(scores)]))
    others = np.concatenate(([0], np.cumsum(~outcome[order])))
    first = np.searchsorted(owner, owner[edges[:-1]])
    below = others[edges[:-1]] + others[edges[1:]] - 2 * others[first]
    own = np.zeros(len(scores))
    own[order] = np.repeat(below, np.diff(edges)) * outcome[order]
    return own
