"""Run all controls of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.controls import rows
from eeg2fmri.evaluate.controls.alone import Alone, group_course
from eeg2fmri.evaluate.controls.courses import Courses, Places, training_courses
from eeg2fmri.evaluate.controls.exchanged import displaced, of_constant, of_others
from eeg2fmri.evaluate.controls.partial import joined
from eeg2fmri.evaluate.controls.regressors import KNOWN, clean_targets, known_columns, outside_band
from eeg2fmri.evaluate.inputs.methods import predict_with_model
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, similarity_over
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.surrogates import ScoreNull
from eeg2fmri.results.scores.control import Control, OfRecording
from eeg2fmri.results.scores.controls import Controls

#: Clean volumes without which a score over them says nothing: so many, and so large a share.
FEWEST, SHARE = 40, 0.25
#: Columns of the targets of a recording, by name, each of shape (volume,).
Columns = Mapping[str, np.ndarray]


class ControlStudy:
    """Collects what a model predicts of the test recordings, and asks of each control whether it explains it.

    Parameters
    ----------
    run : OpenRun
    where : bool array, shape (x, y, z), or None
        Voxels that are looked at, chosen without the test recordings; None is the whole brain.
    device : str
        Torch device of the model.
    progress : Progress
    """

    def __init__(
        self, run: OpenRun, where: np.ndarray | None = None, device: str = "cpu", progress: Progress = silent
    ) -> None:
        self._run, self._store, self._device, self._progress = run, run.store, device, progress
        self._pairs = run.loaded.card.pairs
        self._places = Places.of(run.store, where)
        self._tested: list[Courses] = []
        self._tests: dict[str, ScoreNull | None] = {}
        self._training: list[Courses] = []

    def add(self, recording: Recording, prediction: np.ndarray) -> None:
        """Take in what the model predicts (volume, x, y, z) of a test recording."""
        own = Courses.of(self._store, recording.id, recording.targets, self._places)
        self._tested.append(own.predicted(prediction, self._places, recording.mask))
        self._tests[recording.id] = self._tested[-1].test(self._tested[-1].predicted_voxels)

    def result(self) -> Controls:
        """Compute every control."""
        split = self._run.split
        names = [*split.train, *split.validation]
        self._training = training_courses(self._store, names, self._pairs, self._places, self._progress)
        known = {kind.name: self._columns(partial(known_columns, self._store, kind=kind)) for kind in KNOWN}
        found = [self._other_subject(), self._displaced(), self._constant()]
        found += [self._known(rows.of_known(kind), known[kind.name]) for kind in KNOWN]
        found += [self._all_known(list(known.values())), self._clean_windows(), self._global_signal()]
        found += [self._group_course(), self._outside_band(), self._connectivity()]
        p_values = {name: 1.0 if test is None else test.p_value for name, test in self._tests.items()}
        return Controls(tuple(found), p_values, self._places.words, len(self._places.voxels))

    def _columns(self, read: Callable[[str], Columns]) -> dict[str, Columns]:
        """Read columns of every recording that has them, at its targets."""
        found: dict[str, Columns] = {}
        for one in (*self._training, *self._tested):
            columns = read(one.id)
            if columns:
                found[one.id] = {name: values[one.targets] for name, values in columns.items()}
        return found

    def _of(self, one: Courses, **found: float) -> OfRecording:
        volumes = int(found.pop("volumes", len(one.targets)))
        return OfRecording(one.subject, one.r(one.predicted_voxels), volumes=volumes, **found)

    def _scored(self, one: Courses, prediction: np.ndarray, **found: float) -> OfRecording:
        """Score what a control predicts (volume, voxel) beside the model."""
        test = one.test(prediction)
        p_value = 1.0 if test is None else test.p_value
        return self._of(one, score=one.r(prediction), p_value=p_value, **found)

    def _remaining(self, one: Courses, columns: Columns) -> float:
        """Give the model's r after columns were taken out of both sides."""
        basis = joined(one.basis, np.stack(list(columns.values()), axis=1))
        return one.r(one.predicted_voxels, basis)

    def _other_subject(self) -> Control:
        found = {}
        for one in self._tested:
            r, p = of_others(one, self._predictions_of_others(one))
            if np.isfinite(r):
                found[one.id] = self._of(one, score=r, p_value=p)
        return rows.OTHER_SUBJECT.filled(found)

    def _predictions_of_others(self, one: Courses) -> list[np.ndarray]:
        """Predictions (volume, voxel) of recordings of other people: tested ones, or else of the training group."""
        others = [each.predicted_voxels for each in self._tested if each.subject != one.subject]
        if others:
            return others
        split, store = self._run.split, self._store
        names = [
            name
            for name in (*split.validation, *split.train)
            if store.recordings[store.index(name)].subject != one.subject
        ]
        predictions = (predict_with_model(self._run, name, self._device, self._progress) for name in names[:1])
        return [found.reshape(len(found), -1)[:, self._places.voxels] for found in predictions]

    def _displaced(self) -> Control:
        found = {}
        for one in self._tested:
            test = self._tests[one.id]
            r, p = (0.0, 1.0) if test is None else displaced(one, test, self._pairs)
            if np.isfinite(r):
                found[one.id] = self._of(one, score=r, p_value=p)
        return rows.DISPLACED.filled(found)

    def _constant(self) -> Control:
        one = self._tested[0]
        try:
            made = of_constant(self._run, one.id, self._device)
        except InputError as error:  # a model of the user's own may refuse EEG that does not vary
            return rows.CONSTANT.filled({}, error.problems[0].what)
        if made is None:
            return rows.CONSTANT.filled({one.id: self._of(one, score=0.0, p_value=1.0)})
        cut = made[len(made) - len(one.targets) :]
        prediction = one.predicted(cut, self._places, self._store.mask(one.id)).predicted_voxels
        return rows.CONSTANT.filled({one.id: self._scored(one, prediction)})

    def _known(self, row: Control, columns: Mapping[str, Columns]) -> Control:
        """Predict from what was recorded beside EEG and BOLD, and take it out."""
        tested = [one for one in self._tested if one.id in columns]
        names = [set(columns[one.id]) for one in (*self._training, *tested) if one.id in columns]
        common = sorted(set.intersection(*names)) if names else []
        features = {name: np.stack([own[key] for key in common], axis=1) for name, own in columns.items() if common}
        try:
            alone = Alone(self._training, features)
        except InputError:
            alone = None
        found = {}
        for one in tested:
            remaining = self._remaining(one, columns[one.id])
            if alone is None:
                found[one.id] = self._of(one, remaining=remaining)
            else:
                predicted = alone.predict(features[one.id], one)
                found[one.id] = self._scored(one, predicted, remaining=remaining)
        return row.filled(found)

    def _all_known(self, known: list[dict[str, Columns]]) -> Control:
        """Take everything that is known out at once."""
        found = {}
        for one in self._tested:
            own = [columns[one.id] for columns in known if one.id in columns]
            if len(own) > 1:
                together = {f"{k} {name}": values for k, part in enumerate(own) for name, values in part.items()}
                found[one.id] = self._of(one, remaining=self._remaining(one, together))
        return rows.ALL_KNOWN.filled(found)

    def _clean_windows(self) -> Control:
        found, reach = {}, self._pairs.window + self._pairs.lag
        known = False
        for one in self._tested:
            clean = clean_targets(self._store, one.id, one.targets, reach, self._pairs.block - 1)
            known |= clean is not None
            if clean is not None and clean.sum() >= max(FEWEST, SHARE * len(clean)):
                remaining = one.r(one.predicted_voxels, rows=clean)
                found[one.id] = self._of(one, remaining=remaining, volumes=int(clean.sum()))
        reason = "too few volumes without movement in the window or the volume" if known else ""
        return rows.CLEAN_WINDOWS.filled(found, reason)

    def _global_signal(self) -> Control:
        features = {one.id: one.whole[:, None] for one in (*self._training, *self._tested)}
        return self._known(rows.GLOBAL_SIGNAL, {name: {"whole": one[:, 0]} for name, one in features.items()})

    def _group_course(self) -> Control:
        first = {one.id: self._store.origin(one.id)[1] for one in (*self._training, *self._tested)}
        found = {}
        for one in self._tested:
            others = [each for each in self._training if each.subject != one.subject]
            predicted = group_course(others, first, one) if len(others) > 1 else None
            if predicted is not None and predicted.any():
                course = predicted[:, np.argmax(np.abs(predicted).max(axis=0))]
                remaining = self._remaining(one, {"course": course})
                found[one.id] = self._scored(one, predicted, remaining=remaining)
        return rows.GROUP_COURSE.filled(found)

    def _outside_band(self) -> Control:
        try:
            features = {
                one.id: outside_band(self._store, one.id, self._pairs) for one in (*self._training, *self._tested)
            }
            alone = Alone(self._training, features)
        except InputError as error:
            return rows.OUTSIDE_BAND.filled({}, error.problems[0].what)
        # targets of a benchmark may start later than those of the run
        found = {
            one.id: self._scored(one, alone.predict(features[one.id][-len(one.targets) :], one)) for one in self._tested
        }
        return rows.OUTSIDE_BAND.filled(found)

    def _connectivity(self) -> Control:
        """Compare the connectivity of other people with that of each recording, beside the model's."""
        found = {}
        for one in self._tested:
            others = [each.pieces for each in self._training if each.subject != one.subject]
            kept = one.pieces.any(axis=0) & np.logical_and.reduce(
                [pieces.any(axis=0) for pieces in others] or [np.zeros(1, dtype=bool)]
            )
            if len(others) < 2 or kept.sum() < 4 or one.predicted_pieces is None:
                continue
            mean = np.mean([np.corrcoef(pieces[:, kept], rowvar=False) for pieces in others], axis=0)
            upper = np.triu_indices(int(kept.sum()), 1)
            own = np.corrcoef(one.pieces[:, kept], rowvar=False)[upper]
            score = float(np.corrcoef(own, mean[upper])[0, 1])
            model = connectivity_similarity(one.pieces[:, kept], one.predicted_pieces[:, kept])
            left = similarity_over(one.pieces[:, kept], one.predicted_pieces[:, kept], mean)
            found[one.id] = OfRecording(one.subject, model, score=score, remaining=left, volumes=len(one.targets))
        return rows.CONNECTIVITY.filled(found)
