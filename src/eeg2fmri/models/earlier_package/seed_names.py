"""The models under the seed's names: thin constructors that turn its flags into a config and build the model.

Every argument is documented here; what it becomes is in `flag_synthesizer` and `flag_fmri`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from eeg2fmri.models.documented.autoencoder import Autoencoder
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.earlier_package.flag_fmri import fmri_config
from eeg2fmri.models.earlier_package.flag_synthesizer import synthesizer_config


def fMRI_AE(
    latent_shape: Sequence[int] = (7, 7, 7),
    input_shape: Sequence[int] = (64, 64, 30),
    kernel_size: int | Sequence[int] | None = None,
    stride_size: int | Sequence[int] | None = None,
    n_channels: int = 4,
    max_pool: bool = True,
    batch_norm: bool = True,
    weight_decay: float = 0.0,
    skip_connections: bool = True,
    n_stacks: int | None = None,
    local: bool = True,
    local_attention: bool = False,
    outfilter: Literal[0, 1, 2] = 1,
    dropout: bool = True,
    seed: int = 0,
    _build_decoder: bool = True,
    na_spec: Any = None,
) -> Autoencoder:
    """Build an autoencoder of BOLD volumes: ``model(y)`` reconstructs, ``model.encoder(y)`` gives the latent.

    Parameters
    ----------
    latent_shape : (l1, l2, l3)
    input_shape : (x, y, z)
        A trailing 1 is accepted.
    kernel_size, stride_size : int or (int, int, int), optional
        Of every block, where `na_spec` is None; 3 and 1 where only another of these three is given.
    n_channels : int
        Channels of every block.
    max_pool : bool
        Pooling behind the first convolution of every block; with `na_spec`, both have to ask for it.
    batch_norm, skip_connections : bool
    weight_decay : float
        Factor of the squared kernels and biases of the convolutions in the loss.
    n_stacks : int, optional
        Number of blocks, where `na_spec` is None; 1 where only another of these three is given.
    local : bool
        True: convolutions. False: locally connected kernels, not shared between positions.
    local_attention : bool
        Self attention on the latent.
    outfilter : {0, 1, 2}
        Output filter: none, a 1 x 1 x 1 convolution, a locally connected one.
    dropout : bool
        Dropout of 0.5 on the latent.
    seed : int
        Every initial weight follows from it.
    _build_decoder : bool
        False builds the encoder alone.
    na_spec : tuple, dict, str, Path or NASpec, optional
        Neural architecture specification. Without it, and without kernel_size, stride_size and n_stacks, the
        published default ``fmri-2`` is fitted to `input_shape`.

    Raises
    ------
    ConfigError
        Naming all wrong arguments at once.
    """
    return Autoencoder(fmri_config(dict(locals())))


def EEG_to_fMRI(
    latent_shape: Sequence[int],
    input_shape: Sequence[int],
    na_spec: Any = None,
    n_channels: int = 4,
    *,
    weight_decay: float = 0.0,
    skip_connections: bool = True,
    batch_norm: bool = True,
    dropout: bool = False,
    local: bool = True,
    fourier_features: bool = False,
    random_fourier: bool = False,
    conditional_attention_style: bool = False,
    conditional_attention_style_prior: bool = False,
    inverse_DFT: bool = False,
    DFT: bool = False,
    variational_iDFT: bool = False,
    aleatoric_uncertainty: bool = False,
    variational_coefs: Sequence[int] | None = None,
    variational_dist: Literal["Normal", "VonMises"] = "VonMises",
    variational_iDFT_dependent: bool = False,
    variational_iDFT_dependent_dim: int | None = None,
    resolution_decoder: float | Sequence[int] | None = None,
    low_resolution_decoder: bool = False,
    topographical_attention: bool = False,
    seed: int = 0,
    fmri_args: Any = None,
    organize_channels: bool = False,
    attention_scores: Literal["softmax", "sparsemax"] | None = None,
    fourier_normalization: Literal["layer", "tanh"] | None = None,
    batch_norm_reg: bool = False,
    variational_random_padding: bool = False,
    random_padding_positions: Sequence[Sequence[int]] | None = None,
) -> SynthesizerNetwork:
    """Build an EEG-to-fMRI synthesiser: ``model(x, y)`` in training, ``model(x)`` from EEG alone.

    Parameters
    ----------
    latent_shape : (l1, l2, l3)
        Of both latents.
    input_shape : (channel, freq, time)
        Of the EEG window; a trailing 1 is accepted.
    na_spec : tuple, dict, str, Path or NASpec, optional
        Neural architecture specification of the EEG encoder; by default the published ``eeg-2`` fitted to
        `input_shape`.
    n_channels : int
        Channels of every block of the EEG encoder.
    weight_decay : float
        Factor of the squared kernels and biases of its convolutions in the loss.
    skip_connections, batch_norm : bool
    dropout : bool
        Dropout of 0.5 on the styled latent.
    local : bool
        True: convolutions. False: locally connected kernels, not shared between positions.
    fourier_features, random_fourier : bool
        Project the latent by (random) Fourier features instead of a dense layer.
    conditional_attention_style, conditional_attention_style_prior : bool
        Multiply the projected latent by a style: of the attention scores, or with the second flag a learned vector.
    inverse_DFT, DFT : bool
        Bring the low-resolution grid to full resolution by the inverse cosine transform; take its cosine transform
        before (else the grid is read as a spectrum).
    variational_iDFT : bool
        Extend the spectrum by random coefficients.
    aleatoric_uncertainty : bool
        Add the scale of every voxel, and make the dense layer of the decoder variational.
    variational_coefs : (int, int, int), optional
        Random coefficients R on each axis, 0 < R < M - N with M the volume and N the low resolution.
    variational_dist : {"Normal", "VonMises"}
    variational_iDFT_dependent : bool
        Let the random coefficients depend on the spectrum.
    variational_iDFT_dependent_dim : int, optional
        Number of sinusoids that are summed; 1 by default.
    resolution_decoder : float or (int, int, int), optional
        Low resolution: the volume divided by a number above 1 and floored, or the grid itself.
    low_resolution_decoder : bool
        Decode to a low resolution first.
    topographical_attention : bool
        Attention between electrodes in front of the EEG encoder.
    seed : int
        Every initial weight follows from it.
    fmri_args : dict or tuple of 17, optional
        Arguments of `fMRI_AE` for the fMRI encoder; its ``input_shape`` is the shape of the volume and its
        ``outfilter`` the output filter of the synthesiser.
    organize_channels : bool
        Penalty that pushes every electrode to be selected by the attention.
    attention_scores : {"softmax", "sparsemax"}, optional
    fourier_normalization : {"layer", "tanh"}, optional
    batch_norm_reg : bool
        Penalty on the distance of the angles of random Fourier features from pi / 2.
    variational_random_padding : bool
        Place the known coefficients at random among all; the dense layer then gives the spectrum itself, whatever
        `DFT` says.
    random_padding_positions : three sequences of int, optional
        The places; drawn once from the seed by default.

    Raises
    ------
    ConfigError
        Naming all contradictory and wrong arguments at once.
    """
    return SynthesizerNetwork(synthesizer_config(dict(locals())))
