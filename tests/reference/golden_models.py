"""Replays of whole models, built with the seed's flags from the recorded config."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.models import (
    EEG_to_fMRI,
    LinearClassifier,
    PolynomialClassifier,
    SynthesizerNetwork,
    fMRI_AE,
    view_EEG_classifier,
)
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.earlier_package.keras_import.convert import import_checkpoint
from eeg2fmri.models.earlier_package.keras_names import keras_to_torch
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.saving.hub import load as load_model
from eeg2fmri.nn.attention import channel_organisation
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures, angle_centring
from eeg2fmri.nn.variational.dense import DenseFlipout

from .golden_case import Case, Results, array, difference

#: Recorded files that are part of this repository.
DATA = Path(__file__).parent / "data"


def load(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    converted = keras_to_torch(model, weights)
    assert all(name.endswith("variational_idct3d0/biases") for name in converted.unused), converted.unused
    model.load_state_dict(converted.state)
    model.eval()


def synthesizer_of(config: dict[str, Any]) -> SynthesizerNetwork:
    flags = dict(config["flags"])
    if config.get("random_padding_positions"):
        flags["random_padding_positions"] = config["random_padding_positions"]
    shared = {key: config[key] for key in ("n_channels", "weight_decay", "batch_norm", "skip_connections")}
    return EEG_to_fMRI(
        config["latent_shape"],
        config["eeg_shape"],
        config["na_spec_eeg"],
        fmri_args={
            **shared,
            "input_shape": config["fmri_shape"],
            "na_spec": config["na_spec_fmri"],
            "outfilter": config["outfilter"],
            "dropout": config.get("fmri_dropout", False),
        },
        **shared,
        **flags,
    )


def outputs(out: Synthesis) -> Results:
    named = {
        "out/decoder": out.volume,
        "out/decoder_aleatoric": out.scale,
        "out/eeg_latent": out.z_eeg,
        "out/fmri_latent": out.z_fmri,
        "out/attention_scores": out.attention,
    }
    return {key: array(value) for key, value in named.items() if value is not None}


def synthesizer(case: Case) -> Results:
    model = synthesizer_of(case.config)
    load(model, case.weights())
    samples = case.samples()
    if "w/decoder/dense_flipout0/kernel_posterior_loc" in case.data:
        shape = case.data["w/decoder/dense_flipout0/kernel_posterior_loc"].shape
        # kernels, and so their draws, are (in, out) there and (out, in) here
        samples = [sample.T if sample.shape == shape else sample for sample in samples]
    eeg, fmri = case.volume("in/eeg"), case.volume("in/fmri")
    if any(isinstance(part, FourierFeatures) for part in model.modules()):
        # the cosine of a large phase shows how a processor rounds its convolutions: double precision is the same on all
        model, eeg, fmri, samples = model.double(), eeg.double(), fmri.double(), [one.double() for one in samples]
    out = model(eeg, fmri, samples=samples)
    return {**outputs(out), "out/regularization_sum": array(penalties(model, out))}


def penalties(model: SynthesizerNetwork, out: Synthesis) -> torch.Tensor:
    """Penalties as the earlier package sums them: those on activities in inference too, and flipout's divergence."""
    total = model.regularization()
    if out.attention is not None:
        total = total + model.eeg_encoder.attention.organisation * channel_organisation(out.attention).mean()
    if isinstance(model.projection.layer, RandomFourierFeatures):
        angle = model.projection.angle(out.z_eeg.flatten(1))
        total = total + model.projection.layer.centring * angle_centring(angle).mean()
    return total + sum(part.kl() for part in model.head.variational_parts() if isinstance(part, DenseFlipout))


def autoencoder(case: Case) -> Results:
    c = case.config
    names = ("n_channels", "outfilter", "local", "local_attention", "dropout", "na_spec")
    model = fMRI_AE(c["latent_shape"], c["input_shape"], **{name: c[name] for name in names})
    load(model, case.weights())
    y = case.volume("in/fmri")
    return {"out/latent": array(model.encoder(y)), "out/reconstruction": array(model(y))}


def linear_classifier(case: Case) -> Results:
    c = dict(case.config)
    del c["cls"]
    model = LinearClassifier(c.pop("input_shape"), **c)
    load(model, case.weights())
    x = case.tensor("in/x")
    flagged = model(x, samples=case.samples())
    # there the flag adds the scale to the output
    both = [flagged.logit] if flagged.scale is None else [flagged.logit, flagged.scale]
    return {
        "out/training_flag_True": array(torch.stack(both, dim=-1)),
        "out/training_flag_False": array(model(x, samples=case.samples("sample_flag_False")).logit),
        "out/model_losses_sum": array(model.regularization()),
    }


def polynomial_classifier(case: Case) -> Results:
    c = dict(case.config)
    del c["cls"]
    model = PolynomialClassifier(case.data["in/x"].shape[1:], **c)
    load(model, case.weights())
    return {"out/y": array(model(case.tensor("in/x"), samples=case.samples()).logit)}


def view_classifier(case: Case) -> Results:
    model = _view_model(case)
    x = case.volume("in/x_pairs")[:, 0]
    samples = _unrecorded_draws(case, model, x) if case.config.get("variational", False) else []
    out = model(x, samples=samples)
    both = [out.logit] if out.scale is None else [out.logit, out.scale]
    return {
        "out/view_inference": array(model.view(x)),
        "out/latent_inference": array(model.angle(x)),
        "out/clf_flag_False": array(torch.stack(both, dim=-1)),
    }


def _view_model(case: Case) -> ViewClassifier:
    """Build the classifier on the recorded checkpoint whose kernels, latent and volume the weights have."""
    c, weights = case.config, case.weights()
    refused = []
    for folder in (case.folder, DATA):
        for path in sorted(folder.glob("*/io.npz")):
            behind = dict(Case(folder, str(path.relative_to(folder))).config)
            # the earlier classifier leaves out the attention of its synthesiser
            if "eeg_encoder/topographical_attention0/A" not in weights:
                behind["flags"] = {**behind["flags"], "topographical_attention": False}
            try:
                model = view_EEG_classifier(
                    synthesizer_of(behind),
                    c["input_shape"],
                    c["degree"],
                    c["activation"],
                    c["regularizer"],
                    c["regularizer_const"],
                    n_classes=c.get("n_classes", 1),
                    variational=c.get("variational", False),
                    aleatoric=c.get("aleatoric", False),
                )
                load(model, weights)
            except Eeg2FmriError as error:
                refused.append(f"{path}: {error}")
            else:
                return model
    raise AssertionError("no recorded checkpoint fits the weights\n" + "\n".join(refused))


def _unrecorded_draws(case: Case, model: ViewClassifier, x: torch.Tensor) -> list[np.ndarray]:
    """Recover the two scalar draws of a variational classifier's inference, which were not recorded.

    The earlier package draws ONE epsilon for the kernel and one for the bias, so the recorded logits of all samples
    are linear in two unknowns. They have to be plausible draws from N(0, 1), and with more than two samples the
    comparison afterwards is a full one.
    """
    layer = model.classifier.layer
    view = model.view(x).flatten(1).double().detach()
    mean = view @ layer.weight_loc.double().T + layer.bias_loc.double()
    spread = (view @ layer.weight_scale.double().T).detach().numpy()
    slopes = np.stack([spread, np.broadcast_to(array(layer.bias_scale), spread.shape)], axis=-1)
    recorded = case.data["out/clf_flag_False"].reshape(len(view), -1, 2 if model.classifier.scale is not None else 1)
    residual = recorded[..., 0] - array(mean)
    epsilon, *_ = np.linalg.lstsq(slopes.reshape(-1, 2), residual.reshape(-1), rcond=None)
    assert np.abs(epsilon).max() < 5, f"{epsilon} are no draws from N(0, 1)"
    return [np.asarray(value) for value in epsilon]


def checkpoint(case: Case) -> Results:
    """Import the checkpoint beside the file in each form that is there, and run it on the file's inputs.

    A SavedModel holds the whole model; of .h5 files some hold the whole and others one graph of it, so that parts which
    a file lacks are at their initial values. Each output is taken from every form that holds its part; the worst one
    is handed back.
    """
    folder = (case.folder / case.name).parent
    forms = sorted([*folder.glob("*.h5"), *(path.parent for path in folder.glob("*/saved_model.pb"))])
    assert forms, f"there is no checkpoint in {folder}"
    results: Results = {}
    with TemporaryDirectory() as out:
        settings = Path(out) / "settings.json"
        settings.write_text(json.dumps(case.config), encoding="utf-8")
        for number, form in enumerate(forms):
            target = Path(out) / str(number)
            report = import_checkpoint(form, target, None if form.is_dir() else settings)
            assert not report.left_over, f"{form.name}: {report.left_over}"
            model = load_model(target).model
            found = outputs(model(case.volume("in/eeg"), case.volume("in/fmri")))
            initial = {name.split(".")[0] for name in report.initial}
            for key in _held(found, initial):
                worst = key not in results or _error(case, key, found) > _error(case, key, results)
                results[key] = found[key] if worst else results[key]
    return results


def _held(found: Results, initial: set[str]) -> list[str]:
    """Outputs that no part at its initial value has a share in."""
    needs = {"out/eeg_latent": {"eeg_encoder"}, "out/fmri_latent": {"fmri_encoder"}}
    rest = {"eeg_encoder", "projection", "style", "head", "output_filter", "scale"}
    return [key for key in found if not needs.get(key, rest) & initial]


def _error(case: Case, key: str, results: Results) -> float:
    return difference(results[key], case.data[key]) if key in case.data else 0.0


KINDS: dict[str, Callable[[Case], Results]] = {
    "EEG_to_fMRI": synthesizer,
    "checkpoint": checkpoint,
    "fMRI_AE": autoencoder,
    "LinearClassifier": linear_classifier,
    "PolynomialClassifier": polynomial_classifier,
    "ViewLatentContrastiveClassifier": view_classifier,
}
