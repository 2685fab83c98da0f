"""A share under a registered beta prior: posterior mean, credible interval, side of a limit."""

from dataclasses import dataclass

from scipy import special

from evaluation.inference.base import Method
from protocols.errors import UsageError

METHOD = Method(
    name="posterior_harm",
    sentence=(
        "Beta-binomial posterior of a share of harm under the prior that the protocol fixes; with "
        "repeated subjects at the effective number of encounters."
    ),
    citation=(
        "Spiegelhalter, Abrams & Myles 2004, Bayesian Approaches to Clinical Trials, chapter 3"
    ),
)


@dataclass(frozen=True, slots=True)
class Posterior:
    """`below` and `above` are the posterior probabilities of either side of the limit.

    `low` and `high` are the ends of the equal-tailed credible interval at `level`.
    """

    mean: float
    low: float
    high: float
    level: float
    below: float
    above: float


def beta_posterior(
    events: float, n: float, *, prior: tuple[float, float], limit: float, level: float
) -> Posterior:
    """The posterior of a share after `events` among `n`, which need not be whole.

    Raises `UsageError` for counts that are none, a prior that is not positive, a limit or level
    outside of (0, 1).
    """
    if not 0 <= events <= n or min(prior) <= 0 or not (0 < limit < 1 and 0 < level < 1):
        message = f"{events} among {n} with prior {prior}, limit {limit}, level {level}."
        raise UsageError("POSTERIOR_RANGE", message)
    a, b = prior[0] + events, prior[1] + n - events
    tail = (1 - level) / 2
    return Posterior(
        mean=a / (a + b),
        low=float(special.betaincinv(a, b, tail)),
        high=float(special.betainccinv(a, b, tail)),
        level=level,
        below=float(special.betainc(a, b, limit)),
        above=float(special.betaincc(a, b, limit)),
    )
