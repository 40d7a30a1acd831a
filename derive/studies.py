"""What is derived about a divergence beyond its closed form: ids and titles, as plain data.

A study is one page: a main derivation and further ones, its forms.  What each of them states is in
``derive.stated``, and the checker asks a certificate of that name for exactly that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One derivation of a study.  ``split`` writes the closed form as a sum of what each term does."""

    name: str
    title: str
    split: bool = False


@dataclass(frozen=True)
class Study:
    """One page about a divergence.

    ``of``: ids of the divergences whose closed forms it starts from, the first one first; ``needs``: ids of
    the studies whose results it cites.  The first part is the main derivation and has the study's id.
    """

    id: str
    title: str
    formula: str
    of: tuple[str, ...]
    parts: tuple[Part, ...]
    needs: tuple[str, ...] = ()
    family: str = "Normal"

    def part_id(self, part: Part) -> str:
        """The id of a part's derivation."""
        return self.id if part is self.parts[0] else f"{self.id}-{part.name}"


NORMAL, STANDARD = "kl-normal", "kl-normal-standard"

STUDIES = (
    Study(
        "kl-normal-standard-terms",
        "What each term of the divergence is",
        "mean term + scale term + log term",
        (STANDARD, NORMAL),
        (
            Part("main", "The mean term, the scale term and the log term", split=True),
            Part("pair", "The three terms for two normal distributions", split=True),
        ),
    ),
    Study(
        "kl-normal-standard-gradient",
        "The gradient of the divergence from the standard normal",
        "∂KL/∂μ, ∂KL/∂σ, ∂KL/∂ log σ²",
        (STANDARD,),
        (
            Part("main", "The derivative in the mean"),
            Part("sigma", "The derivative in the standard deviation"),
            Part("logvar", "The derivative in the log-variance"),
            Part("logvar-mu", "The derivative in the mean, by log-variance"),
            Part("var", "The derivative in the variance"),
        ),
    ),
    Study(
        "kl-normal-standard-hessian",
        "The second derivatives of the divergence from the standard normal",
        "∂²KL/∂σ², ∂²KL/∂μ², …",
        (STANDARD,),
        (
            Part("main", "The second derivative in the standard deviation"),
            Part("mu", "The second derivative in the mean"),
            Part("mu-sigma", "The mixed derivative in mean and standard deviation"),
            Part("logvar", "The second derivative in the log-variance"),
            Part("logvar-mu", "The mixed derivative in mean and log-variance"),
            Part("var", "The second derivative in the variance"),
        ),
        needs=("kl-normal-standard-gradient",),
    ),
    Study(
        "kl-normal-standard-minimum",
        "The divergence is least, and zero, at p = q alone",
        "KL > 0 unless p = q",
        (STANDARD, NORMAL),
        (
            Part("main", "Least at the standard normal"),
            Part("slope-mu", "The derivative in the mean is zero at the mean of q alone"),
            Part("slope-sigma", "The derivative in the standard deviation is zero at that of q alone"),
            Part("of-p", "Least where the parameters of p are those of q"),
            Part("of-q", "Least where the parameters of q are those of p"),
        ),
        needs=("kl-normal-standard-gradient",),
    ),
    Study(
        "kl-normal-standard-convexity",
        "The divergence from the standard normal is convex in these parameters",
        "convex in (μ, σ), (μ, log σ²), (μ, σ²)",
        (STANDARD,),
        (
            Part("main", "Convex in the mean and the standard deviation"),
            Part("determinant", "The determinant of the Hessian"),
            Part("logvar", "Convex in the mean and the log-variance"),
            Part("logvar-determinant", "The determinant of the Hessian, by log-variance"),
            Part("var", "Convex in the mean and the variance"),
            Part("var-determinant", "The determinant of the Hessian, by variance"),
        ),
        needs=("kl-normal-standard-gradient", "kl-normal-standard-hessian"),
    ),
    Study(
        "kl-normal-standard-limits",
        "Where the divergence from the standard normal grows, and by which term",
        "σ → 0, σ → ∞, μ → ±∞",
        (STANDARD,),
        (
            Part("main", "The limits in mean and standard deviation", split=True),
            Part("logvar", "The limits in the log-variance"),
        ),
    ),
    Study(
        "kl-normal-standard-flow",
        "The gradient flow of the divergence: how fast an unused latent collapses",
        "dμ/dt = −∂KL/∂μ, ds/dt = −∂KL/∂s",
        (STANDARD,),
        (
            Part("main", "μ(t) = μ(0) exp(−t) solves dμ/dt = −∂KL/∂μ"),
            Part("mean-start", "The mean at time 0"),
            Part("mean-kl", "The divergence left when the mean alone is off"),
            Part("velocity", "For the precision λ = exp(−s), ds/dt = −∂KL/∂s says dλ/dt = ½ (1 − λ)"),
            Part("precision", "λ(t) = 1 + (λ(0) − 1) exp(−t/2) solves dλ/dt = ½ (1 − λ)"),
            Part("precision-start", "The precision at time 0"),
            Part("precision-rate", "How fast the precision tends to 1"),
            Part("logvar", "s(t) = −log(1 + c exp(−t/2)) solves ds/dt = −∂KL/∂s, from a narrow start"),
        ),
        needs=("kl-normal-standard-gradient",),
    ),
    Study(
        "kl-normal-gradient",
        "The gradient of the divergence between two normal distributions",
        "∂KL/∂μ₂, ∂KL/∂σ₂, ∂KL/∂μ₁, ∂KL/∂σ₁",
        (NORMAL,),
        (
            Part("main", "The derivative in the standard deviation of q"),
            Part("mu-2", "The derivative in the mean of q"),
            Part("sigma-1", "The derivative in the standard deviation of p"),
            Part("mu-1", "The derivative in the mean of p"),
        ),
    ),
    Study(
        "kl-normal-hessian",
        "In the standard deviation of q the divergence is not convex everywhere",
        "∂²KL/∂σ₂² < 0 for wide q",
        (NORMAL,),
        (
            Part("main", "The second derivative in the standard deviation of q, negative for a wide q"),
            Part("mu-2", "The second derivative in the mean of q"),
            Part("mu-2-sigma-2", "The mixed derivative in the parameters of q"),
            Part("of-p", "In the mean and the standard deviation of p it is convex"),
        ),
        needs=("kl-normal-gradient",),
    ),
    Study(
        "kl-normal-fisher",
        "Near p = q the divergence is a quadratic form: the Fisher information, halved",
        "Hessian of KL at q = p: diag(1/σ², 2/σ²)",
        (NORMAL,),
        (
            Part("main", "The second derivative in the standard deviation at q = p"),
            Part("mean", "The second derivative in the mean at q = p"),
            Part("mixed", "The mixed derivative at q = p"),
            Part("slope-mean", "The first derivative in the mean at q = p"),
            Part("slope-deviation", "The first derivative in the standard deviation at q = p"),
        ),
        needs=("kl-normal-gradient", "kl-normal-hessian"),
    ),
    Study(
        "kl-normal-asymmetry",
        "Forward against reverse: the average over the wider law is larger",
        "KL(p ‖ q) − KL(q ‖ p)",
        (NORMAL,),
        (
            Part("main", "The difference has the sign of σ₁ − σ₂, whatever the means"),
            Part("slope", "Its derivative in the standard deviation of p"),
        ),
    ),
)
