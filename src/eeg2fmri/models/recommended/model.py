"""The recommended synthesiser: few subjects, haemodynamic lags built in, low-rank volumes, fitted in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Annotated, Any, Literal, cast

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.utils.data import Dataset

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import Problem, ShapeError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.recommended import closed_form
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.choice import Trial, choose
from eeg2fmri.models.recommended.closed_form import ClosedFormConfig, RecordingArrays
from eeg2fmri.models.recommended.haemodynamic import drifts, row_responses
from eeg2fmri.models.recommended.locality import make_cells, prior_deviation, voxel_positions
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.init import generator, normal_

Size = Annotated[int, Field(ge=1)]


class RecommendedConfig(Config):
    """Settings of the recommended synthesiser.

    Attributes
    ----------
    eeg_shape : (channel, band, time)
        Of a window of recentred amplitudes (see `eeg2fmri.data.features.recentring`); let it reach back 20 s.
    volume_shape : (x, y, z)
    components : int
        Spatial components at most.
    shifts_s : tuple of float
        Responses: Glover's, later by so many seconds. The first one weighs most.
    scale : {"none", "laplace"}
        ``laplace`` gives each voxel the scale of its errors on the validation recordings.
    fit : ClosedFormConfig
    seed : int
        Of the weights before the fit.
    """

    kind: Literal["recommended"] = "recommended"
    eeg_shape: tuple[Size, Size, Size]
    volume_shape: tuple[Size, Size, Size]
    components: Size = 48
    shifts_s: Annotated[tuple[float, ...], Field(min_length=1)] = (0.0, -2.0, 2.0)
    scale: Literal["none", "laplace"] = "none"
    fit: ClosedFormConfig = ClosedFormConfig()
    seed: int = 0

    @model_validator(mode="after")
    def _shifts_differ(self) -> RecommendedConfig:
        if len(set(self.shifts_s)) != len(self.shifts_s):
            raise ValueError("two responses have the same shift")
        return self


class Recommended(Pretrained, nn.Module):
    """Recentred band amplitudes, haemodynamic responses, spatial filters, components, volume.

    volume = offset + sum_k map_k sum_{m, b, c} w_{k, m, b, c} sum_t response_{m, t} x_{c, b, t}

    `fit_closed_form` sets all of it from the training group; gradient steps may follow. Where no BOLD of a subject
    is known, the model adapts to it by its EEG alone, in the recentring of `x`.

    Parameters
    ----------
    config : RecommendedConfig

    Attributes
    ----------
    responses : Parameter, shape (response, time)
    filters : Parameter, shape (component, response, band, channel)
    maps : Parameter, shape (component, x, y, z)
    offset : Tensor, shape (x, y, z)
        Mean training volume.
    error_scale : Tensor, shape (x, y, z)
        Scale of the Laplace distribution around each voxel; of use with ``scale="laplace"``.
    fitted : Tensor, bool
        Whether `fit_closed_form` has set the weights.
    """

    responses: Tensor
    filters: Tensor
    maps: Tensor
    offset: Tensor
    error_scale: Tensor
    fitted: Tensor

    def __init__(self, config: RecommendedConfig) -> None:
        super().__init__()
        self.config = config
        n_channels, n_bands, n_rows = config.eeg_shape
        n_responses = len(config.shifts_s)
        self.responses = nn.Parameter(torch.full((n_responses, n_rows), 1 / n_rows))
        self.filters = nn.Parameter(torch.empty(config.components, n_responses, n_bands, n_channels))
        self.maps = nn.Parameter(torch.empty(config.components, *config.volume_shape))
        self.register_buffer("offset", torch.zeros(config.volume_shape))
        self.register_buffer("error_scale", torch.ones(config.volume_shape))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        normal_(self.filters.data, 0.0, self.filters[0].numel() ** -0.5, generator(config.seed, "filters"))
        normal_(self.maps.data, 0.0, config.components**-0.5, generator(config.seed, "maps"))

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise volumes.

        Parameters
        ----------
        x : Tensor, shape (batch, channel, band, time)
            Recentred amplitudes.
        y : Tensor, shape (batch, x, y, z), optional
            Volumes, whose courses are `z_fmri`.
        generator : torch.Generator, optional
            Not used: nothing is drawn.

        Returns
        -------
        Synthesis
            Latents are the courses of the components, shape (batch, component, 1, 1). No attention: the weights of
            the electrodes do not depend on the window, see `electrode_weights`.
        """
        courses = self.courses(x)
        flat = self.maps.flatten(1)
        volume = self.offset + (courses @ flat).reshape(x.shape[0], *self.config.volume_shape)
        z_fmri = None
        if y is not None:
            z_fmri = self.volume_courses(y)[..., None, None]
        scale = self.error_scale.expand_as(volume) if self.config.scale == "laplace" else None
        return Synthesis(volume, scale, courses[..., None, None], z_fmri, None)

    def features(self, x: Tensor) -> Tensor:
        """Amplitudes seen through each response, shape (batch, response, band, channel)."""
        return torch.einsum("ncbt,mt->nmbc", x, self.responses)

    def courses(self, x: Tensor) -> Tensor:
        """Value of each component, shape (batch, component)."""
        return self.features(x).flatten(1) @ self.filters.flatten(1).T

    def volume_courses(self, y: Tensor) -> Tensor:
        """Value of each component in volumes (batch, x, y, z) by least squares, shape (batch, component)."""
        flat = self.maps.flatten(1)
        # the ridge keeps maps that are zero, or alike, from a division by 0
        gram = flat @ flat.T
        ridge = (1e-6 * gram.diagonal().mean() + 1e-12) * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        target = (y - self.offset).flatten(1) @ flat.T
        # solvers know no half precision
        wide = gram.dtype if gram.dtype == torch.float64 else torch.float32
        return torch.linalg.solve((gram + ridge).to(wide), target.T.to(wide)).T.to(gram.dtype)

    def electrode_weights(self) -> Tensor:
        """How much each electrode weighs in each band, shape (band, channel), sum 1.

        Root mean square over voxels and responses of the weights from electrode to voxel. Since electrodes are
        whitened, a weight is of what an electrode shows beyond the others; it is not a topography.
        """
        with torch.no_grad():
            flat = self.maps.flatten(1)
            squared = torch.einsum("kmbc,kl,lmbc->bc", self.filters, flat @ flat.T, self.filters)
            weights = squared.clamp_min(0).sqrt()
            return weights / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def regularization(self) -> Tensor:
        """Penalty of the weights in gradient training: none."""
        return self.maps.new_zeros(())

    def kl(self) -> Tensor:
        """Divergence of variational weights: there are none."""
        return self.maps.new_zeros(())

    @torch.no_grad()
    def fit_closed_form(
        self,
        train: Dataset[Any],
        validation: Dataset[Any],
        acquisition: Acquisition,
        progress: Progress = silent,
    ) -> tuple[Trial, ...]:
        """Set responses, filters and maps from the training group.

        The penalty, the width of the prior and the gain of the predictions are chosen on the validation group.

        Parameters
        ----------
        train, validation : Dataset of Pair
            Pairs of a recording follow each other in the order of time.
        acquisition : Acquisition
        progress : Progress

        Returns
        -------
        tuple of Trial
            Every penalty and width that was tried, the one that was taken first.

        Raises
        ------
        ShapeError
            If the acquisition does not fit the shapes of the model.
        InputError
            If a group is empty or the EEG features are constant.
        """
        self._check(acquisition)
        config, fit = self.config, self.config.fit
        n_channels, n_bands, n_rows = config.eeg_shape
        mask = acquisition.mask
        responses = row_responses(n_rows, acquisition.tr, acquisition.lag, config.shifts_s)
        self.responses.copy_(torch.from_numpy(responses))

        offsets: list[np.ndarray] = []
        gathered = self._recordings(train, mask, offsets)
        fitted = closed_form.moments(gathered, lambda n: drifts(n, acquisition.tr, fit.drift_s))
        position = voxel_positions(mask, acquisition.affine, acquisition.space)
        cells = make_cells(position, fit.cell_mm)
        shifted = np.array([1.0] + [fit.shifted] * (len(config.shifts_s) - 1))
        deviations = {
            width: closed_form.full_deviation(
                prior_deviation(acquisition.electrodes, cells.centres, width, fit.floor), n_channels, n_bands, shifted
            )
            for width in fit.widths_mm
        }
        held = self._recordings(validation, mask, [])
        trials = choose(fitted, held, cells, deviations, fit.penalties, progress)
        best = trials[0]
        weights = closed_form.solve(fitted, cells, deviations[best.width_mm], best.penalty, progress)
        filters, maps = closed_form.low_rank(fitted, weights, config.components)

        inside = torch.from_numpy(mask)
        self.filters.zero_()
        self.maps.zero_()
        self.offset.zero_()
        self.filters[: len(filters)] = torch.from_numpy(filters).reshape(-1, *self.filters.shape[1:]).float()
        self.maps[: len(maps), inside] = best.gain * torch.from_numpy(maps)
        self.offset[inside] = torch.from_numpy(np.mean(offsets, axis=0)).float()
        self.fitted.fill_(True)
        if config.scale == "laplace":
            self._fit_scale(validation, mask)
        return tuple(trials)

    def _check(self, acquisition: Acquisition) -> None:
        problems = []
        if acquisition.mask.shape != self.config.volume_shape or not acquisition.mask.any():
            problems.append(
                Problem(
                    "the brain mask does not fit the model, or is empty",
                    got=f"{acquisition.mask.shape}, {int(acquisition.mask.sum())} voxels",
                    expected=str(self.config.volume_shape),
                )
            )
        places = acquisition.electrodes
        if places is not None and places.shape != (self.config.eeg_shape[0], 3):
            problems.append(
                Problem(
                    "the electrode positions do not fit the model",
                    got=str(places.shape),
                    expected=f"({self.config.eeg_shape[0]}, 3)",
                )
            )
        if problems:
            raise ShapeError.of(problems)

    def _recordings(
        self, pairs: Dataset[Any], mask: np.ndarray, offsets: list[np.ndarray]
    ) -> Iterator[RecordingArrays]:
        """Features and volumes (mean removed) of one recording after the other; means are appended to `offsets`."""
        inside = torch.from_numpy(np.flatnonzero(mask))
        for group in _by_recording(pairs):
            windows = torch.stack([pair.x for pair in group]).to(self.responses.dtype)
            volumes = torch.stack([pair.y.flatten()[inside] for pair in group]).numpy()
            mean = volumes.mean(axis=0, dtype=np.float64)
            offsets.append(mean)
            volumes -= mean.astype(volumes.dtype)
            yield RecordingArrays(self.features(windows).flatten(1).numpy(), volumes)

    def _fit_scale(self, validation: Dataset[Any], mask: np.ndarray) -> None:
        total, count = torch.zeros_like(self.offset), 0
        for group in _by_recording(validation):
            for pair in group:
                total += (pair.y - self(pair.x[None]).volume[0]).abs()
                count += 1
        inside = torch.from_numpy(mask)
        scale = total / count
        self.error_scale[inside] = scale[inside].clamp_min(1e-3)


def _by_recording(pairs: Dataset[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    for k in range(len(cast(Sized, pairs))):
        pair = pairs[k]
        if group and pair.recording != group[0].recording:
            yield group
            group = []
        group.append(pair)
    if group:
        yield group
