from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class _Test:
    pvalue: float
    statistic: float

class _Interval:
    low: float
    high: float

class _Binomial:
    pvalue: float
    def proportion_ci(self, confidence_level: float, *, method: str) -> _Interval: ...

class _Line:
    slope: float
    intercept: float
    rvalue: float
    stderr: float

class _Law:
    def ppf(self, q: ArrayLike, *parameters: ArrayLike) -> Any: ...
    def cdf(self, x: ArrayLike, *parameters: ArrayLike) -> Any: ...

t: _Law
norm: _Law
binom: _Law

def binomtest(k: int, n: int) -> _Binomial: ...
def kstest(rvs: ArrayLike, cdf: object) -> _Test: ...
def linregress(x: ArrayLike, y: ArrayLike) -> _Line: ...
def rankdata(a: ArrayLike) -> NDArray[np.float64]: ...
def ttest_ind(a: ArrayLike, b: ArrayLike, *, equal_var: bool) -> _Test: ...
def wilcoxon(x: ArrayLike, *, zero_method: str) -> _Test: ...
