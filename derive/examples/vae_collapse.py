"""How fast the posterior of a latent that the decoder does not use goes back to the prior.

Such a latent is moved by the KL term alone.  Following the gradient, dμ/dt = -∂KL/∂μ = -μ and, with
s = log σ², ds/dt = -∂KL/∂s = -(exp(s) - 1)/2, so that exp(-s) goes to 1 at half the rate of μ.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from derive.examples.vae import Run, digits, generated


@dataclass(frozen=True)
class Collapse:
    """The posterior of one latent over time, for every image: shapes (times,) and (times, images)."""

    step: float
    time: Tensor
    mean: Tensor
    logvar: Tensor
    kl: Tensor
    """Mean over the images, shape (times,)."""

    @property
    def rates(self) -> tuple[float, float]:
        """How fast μ and exp(-s) - 1 were measured to decay: minus the slope of their logarithms."""
        return _rate(self.time, self.mean), _rate(self.time, _excess_precision(self.logvar))

    @property
    def error(self) -> tuple[float, float]:
        """The largest distance of μ and of s, at any time for any image, from the solution."""
        mean, logvar = solution(self.time[:, None], self.mean[0], self.logvar[0])
        return float((self.mean - mean).abs().max()), float((self.logvar - logvar).abs().max())


def solution(time: Tensor, mean: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log σ² after a time, from those at time 0: the gradient flow of KL(N(μ, exp(s)) ‖ N(0, 1))."""
    return mean * torch.exp(-time), -torch.log1p(_excess_precision(logvar) * torch.exp(-time / 2))


def collapse(run: Run, *, step: float, until: float, every: float, seed: int = 0) -> Collapse:
    """Cut the most used latent off from the decoder and follow the whole loss's gradient.

    Each image keeps a mean and a log σ² of its own, at first the encoder's.  Plain gradient descent of
    the loss, reconstruction and all, is Euler's method for the gradient flow with that ``step``.
    """
    latent = max(range(len(run.per_latent[-1])), key=run.per_latent[-1].__getitem__)
    model = copy.deepcopy(run.model).double().requires_grad_(False)
    model.decoder[0].weight[:, latent] = 0
    encoded, column = model.encode(digits()), torch.tensor([latent])
    own = [t[:, latent].clone().requires_grad_() for t in encoded]
    generator = torch.Generator().manual_seed(seed)
    seen: list[tuple[Tensor, ...]] = []
    for n in range(round(until / step) + 1):
        if n % round(every / step) == 0:
            kl = generated("kl-normal-standard")(own[0], own[1]).mean()
            now = torch.tensor(n * step, dtype=torch.float64)
            seen.append((now, *(t.detach().clone() for t in (*own, kl))))
        mean, logvar = (t.index_copy(1, column, o[:, None]) for t, o in zip(encoded, own, strict=True))
        noise = torch.randn(mean.shape, dtype=torch.float64, generator=generator)
        kl_of_images = generated("kl-diagonal-normal-standard")(mean, logvar)
        loss = (model.reconstruction(digits(), mean, logvar, noise) + kl_of_images).sum()
        with torch.no_grad():
            for part, slope in zip(own, torch.autograd.grad(loss, own), strict=True):
                part -= step * slope
    return Collapse(step, *(torch.stack(column) for column in zip(*seen, strict=True)))


def _excess_precision(logvar: Tensor) -> Tensor:
    return torch.expm1(-logvar)


def _rate(time: Tensor, decaying: Tensor) -> float:
    """Minus the slope of log|x| over time by least squares, each image with its own start."""
    logs = decaying.abs().log()
    centred = time - time.mean()
    return float(-(centred @ logs / centred.square().sum()).mean())
