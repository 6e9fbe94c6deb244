"""Trainings that end in the middle: killed by the system at a named moment, or by a file that cannot grow.

    killed.py STORE FOLDER SETTINGS

Makes FOLDER/MOMENT for every moment of `MOMENTS`, each in a process of its own that the system kills there.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import lightning.fabric  # noqa: F401  # once, not in every process that is forked off

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.train import run as run_module
from eeg2fmri.train import run_folder
from eeg2fmri.train.run import train_run
from eeg2fmri.train.states import state

#: Exit status of a training that ended with an error of its own.
REFUSED = 3


def die(*unused):
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(number, real, instead=die):
    """Let a function work until its call of that number."""
    calls = []

    def counted(*arguments, **named):
        calls.append(arguments)
        return instead(*arguments) if len(calls) == number else real(*arguments, **named)

    return counted


def half_a_state(tensors, path):
    path.write_bytes(b"half of what was to be written")
    die()


def within_an_epoch():
    return {"progress": lambda what, done, total: die() if done == 7 else None}


def between_epochs():
    return {"on_epoch": die}


def while_saving():
    state.save_file = at_call(4, state.save_file, half_a_state)
    return {}


def between_weights_and_record():
    # the tensors of the fourth state have got their name, its record has not
    real = Path.replace
    named = at_call(4, real)

    def replace(self, target):
        of_record = Path(target).name.startswith("state-") and Path(target).suffix == ".json"
        return (named if of_record else real)(self, target)

    Path.replace = replace
    return {}


def making_the_folder():
    run_folder.write_json = die
    return {}


def saving_the_run():
    run_module.save = die
    return {}


def removing_the_states():
    # once when the folder is made, then before the states lose their name, and after it
    run_folder.shutil.rmtree = at_call(3, run_folder.shutil.rmtree)
    return {}


def disk_full():
    def limit(row):
        # the system refuses to write beyond this, as it does when no space is left
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    return {"on_epoch": limit}


MOMENTS = {
    function.__name__: function
    for function in (
        within_an_epoch,
        between_epochs,
        while_saving,
        between_weights_and_record,
        making_the_folder,
        saving_the_run,
        removing_the_states,
        disk_full,
    )
}


def main(store, folder, settings):
    ends = {}
    for name, prepare in MOMENTS.items():
        child = os.fork()
        if not child:
            try:
                train_run(store, folder / name, settings, **prepare())
            except CheckpointError as error:
                print(error, flush=True)
                os._exit(REFUSED)
            os._exit(0)
        ends[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    (folder / "ends.json").write_text(json.dumps(ends))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
