"""Mixed-effects model of grades: conditions fixed; listeners, items and their interactions with conditions random."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy.stats import norm

from listening_test.resampling import CONFIDENCE, Interval

JUDGED = ("system", "human", "copy")
MAIN = {"listener": "0 + C(listener)", "item": "0 + C(item)"}
COMPONENTS = {
    **MAIN,
    "listener x condition": "0 + C(listener):C(condition)",
    "item x condition": "0 + C(item):C(condition)",
}


@dataclass(frozen=True)
class MixedModel:
    """Restricted maximum likelihood estimates.

    Attributes:
        means: estimated grade of each condition.
        intervals: 95 % of each, by the normal approximation.
        variances: of the random effects and of the residual, in squared points, by name.
        icc: share of the variance within a condition that listeners and items explain together.
        warning: what the fit complained about; empty where it converged inside the parameter space.
    """

    means: dict[str, float]
    intervals: dict[str, Interval]
    variances: dict[str, float]
    icc: float
    warning: str


def mixed_model(scored: pd.DataFrame) -> MixedModel | None:
    """Fit grades of one attribute; None where they do not determine the model.

    References and anchors are left out: their grades crowd at one end, with another variance than the rest.

    Args:
        scored: rows of the long table that count.
    """
    scored = scored[scored.role.isin(JUDGED)]
    if scored[["listener", "item", "condition"]].nunique().min() < 2 or scored["value"].nunique() < 2:
        return None
    rows = scored.reset_index(drop=True).assign(everything=1)  # one group: listeners and items are crossed, not nested
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = _fit(rows)
    if found is None:
        return None
    model, fitted = found
    names = [name.removeprefix("C(condition)[").removesuffix("]") for name in model.exog_names]
    means = np.asarray(fitted.fe_params)
    spread = norm.ppf(0.5 + CONFIDENCE / 2) * np.asarray(fitted.bse_fe)
    variances = dict(zip(model.exog_vc.names, map(float, fitted.vcomp), strict=True)) | {
        "residual": float(fitted.scale)
    }
    return MixedModel(
        means={name: float(mean) for name, mean in zip(names, means, strict=True)},
        intervals={name: (float(m - s), float(m + s)) for name, m, s in zip(names, means, spread, strict=True)},
        variances=variances,
        icc=1 - variances["residual"] / sum(variances.values()),
        warning="; ".join(sorted({str(each.message) for each in caught})),
    )


def _fit(rows: pd.DataFrame) -> tuple[Any, Any] | None:
    """Fit with the interactions, or without them where the likelihood cannot be computed."""
    for components in (COMPONENTS, MAIN):
        layout = {"groups": "everything", "re_formula": "0", "vc_formula": components}
        model = smf.mixedlm("value ~ 0 + C(condition)", rows, **layout)
        try:
            return model, model.fit(method="powell")  # by gradients it stalls where a variance is near zero
        except np.linalg.LinAlgError:
            warnings.warn(f"singular with the variances of {', '.join(components)}", stacklevel=2)
    return None
