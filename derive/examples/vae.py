"""A small variational autoencoder of scikit-learn's digits whose KL term is the generated function.

The loss is minus the ELBO, -E[log p(x|z)] + β KL(q(z|x) ‖ N(0, I)), in nats an image.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from derive.catalogue import result
from derive.codegen.render import snippet
from derive.evidence.measure import load

PIXELS, HIDDEN, BATCH, RATE = 64, 128, 64, 2e-3
Divergence = Callable[[Tensor, Tensor], Tensor]


@cache
def generated(id: str) -> Divergence:
    """The generated PyTorch function of a result with a standard second law, of mean and log σ²."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated_kl.py"
        path.write_text(snippet(result(id), "torch", "logvar"), encoding="utf-8")
        function: Divergence = getattr(load(path), f"{id.replace('-', '_')}_from_logvar")
    return function


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: these matrices are so small that more only wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def digits() -> Tensor:
    """The 1797 images of 8 × 8 pixels, each pixel in [0, 1], float64, shape (1797, 64)."""
    return torch.from_numpy(load_digits().data) / 16


class VAE(nn.Module):
    """Encoder to mean and log σ² of a diagonal normal, decoder to the logits of the pixels."""

    def __init__(self, latents: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * latents))
        self.decoder = nn.Sequential(nn.Linear(latents, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, PIXELS))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log σ² of the latents, each of shape (images, latents)."""
        mean, logvar = self.encoder(images).chunk(2, dim=-1)
        return mean, logvar

    def reconstruction(self, images: Tensor, mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
        """Minus the log-likelihood of each image in nats, at one draw of the latents."""
        logits = self.decoder(mean + torch.exp(0.5 * logvar) * noise)
        return binary_cross_entropy_with_logits(logits, images, reduction="none").sum(-1)


@dataclass(frozen=True)
class Run:
    """A training: each epoch's mean over the images, in nats."""

    model: VAE
    reconstruction: list[float]
    kl: list[float]
    per_latent: list[list[float]]
    """For each epoch, the KL term of each latent."""

    def loss(self, beta: float = 1.0) -> list[float]:
        """Minus the ELBO, with β before the KL term."""
        return [r + beta * k for r, k in zip(self.reconstruction, self.kl, strict=True)]


def train(dtype: torch.dtype, *, seed: int = 0, epochs: int = 10, latents: int = 8, beta: float = 1.0) -> Run:
    """Train with Adam; start, batches and noise are drawn in float64 and so the same for every dtype."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = VAE(latents).double().to(dtype)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    kl_of_images = generated("kl-diagonal-normal-standard")
    run = Run(model, [], [], [])
    for _ in range(epochs):
        order = torch.randperm(len(digits()), generator=generator)
        sums = torch.zeros(2 + latents, dtype=torch.float64)
        for rows in order.split(BATCH):
            images = digits()[rows].to(dtype)
            noise = torch.randn(len(rows), latents, dtype=torch.float64, generator=generator).to(dtype)
            mean, logvar = model.encode(images)
            reconstruction = model.reconstruction(images, mean, logvar, noise)
            kl = kl_of_images(mean, logvar)
            optimiser.zero_grad()
            (reconstruction + beta * kl).mean().backward()
            optimiser.step()
            with torch.no_grad():
                each = generated("kl-normal-standard")(mean, logvar)
                columns = torch.cat((reconstruction[:, None], kl[:, None], each), dim=1)
                sums += columns.double().sum(0)
        means = (sums / len(order)).tolist()
        run.reconstruction.append(means[0])
        run.kl.append(means[1])
        run.per_latent.append(means[2:])
    return run
