"""Logarithms of incomplete beta and gamma functions where the functions themselves underflow."""

import math

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray

_FLOOR = 1e-280
_TERMS = 100_000


def log_beta_part(a: FloatArray, b: FloatArray, x: float) -> FloatArray:
    """ln of the incomplete beta integral from 0 to `x`, not divided by the whole; a, b > 0."""
    a, b = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    whole = special.betaln(a, b)
    share = special.betainc(a, b, x)
    deep = share < _FLOOR
    with np.errstate(divide="ignore"):
        found = np.asarray(whole + np.log(share))
    for at in np.argwhere(deep):
        i = tuple(at)
        found[i] = _beta_series(float(a[i]), float(b[i]), x)
    return found


def _beta_series(a: float, b: float, x: float) -> float:
    """x^a (1-x)^b / a times 1 + (a+b)/(a+1) x + ...: all terms positive (DLMF 8.17.8)."""
    total, term = 1.0, 1.0
    for k in range(_TERMS):
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        if term < 1e-17 * total:
            break
    return a * math.log(x) + b * math.log1p(-x) - math.log(a) + math.log(total)


def log_lower_gamma(a: FloatArray, x: FloatArray) -> FloatArray:
    """ln P(a, x) of the regularised lower incomplete gamma function; a, x > 0."""
    a, x = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(x, dtype=np.float64))
    share = special.gammainc(a, x)
    with np.errstate(divide="ignore"):
        found = np.asarray(np.log(share))
    for at in np.argwhere(share < _FLOOR):
        i = tuple(at)
        found[i] = _gamma_series(float(a[i]), float(x[i]))
    return found


def _gamma_series(a: float, x: float) -> float:
    """x^a e^-x / Gamma(a+1) times 1 + x/(a+1) + ... (DLMF 8.7.1)."""
    total, term = 1.0, 1.0
    for k in range(1, _TERMS):
        term *= x / (a + k)
        total += term
        if term < 1e-17 * total:
            break
    return a * math.log(x) - x - math.lgamma(a + 1) + math.log(total)


def log_upper_gamma(a: FloatArray, x: FloatArray) -> FloatArray:
    """ln Q(a, x) of the regularised upper incomplete gamma function; a, x > 0."""
    a, x = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(x, dtype=np.float64))
    share = special.gammaincc(a, x)
    with np.errstate(divide="ignore"):
        found = np.asarray(np.log(share))
    for at in np.argwhere(share < _FLOOR):
        i = tuple(at)
        found[i] = _gamma_fraction(float(a[i]), float(x[i]))
    return found


def _gamma_fraction(a: float, x: float) -> float:
    """Continued fraction of Gamma(a, x) by Lentz (DLMF 8.9.2); used where Q underflows, x > a."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for k in range(1, _TERMS):
        step = -k * (k - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return a * math.log(x) - x - math.lgamma(a) + math.log(value)
