"""Writers of the formats that the importer reads, and the recorded checkpoints."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from eeg2fmri.models.earlier_package.keras_import.crc32c import crc32c, masked
from eeg2fmri.models.earlier_package.keras_import.object_graph import GRAPH

DATA = Path(__file__).parents[4] / "reference" / "data"
TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "bool": 10}


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes | str, fixed32: bool = False) -> bytes:
    if fixed32:
        return varint(number << 3 | 5) + struct.pack("<I", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def _block(entries: list[tuple[bytes, bytes]], restart: int) -> bytes:
    out, restarts, previous = b"", [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        previous = key
    restarts = restarts or [0]
    return out + b"".join(struct.pack("<I", r) for r in restarts) + struct.pack("<I", len(restarts))


def write_table(
    entries: Mapping[bytes, bytes],
    per_block: int = 5,
    restart: int = 3,
    compression: int = 0,
    order: Callable[..., list[tuple[bytes, bytes]]] = sorted,
) -> bytes:
    """A sorted string table with several blocks."""
    data = b""

    def append(block: bytes) -> bytes:
        nonlocal data
        handle = varint(len(data)) + varint(len(block))
        kind = bytes([compression])
        data += block + kind + struct.pack("<I", masked(crc32c(block + kind)))
        return handle

    ordered = order(entries.items())
    index = []
    for start in range(0, len(ordered), per_block):
        part = ordered[start : start + per_block]
        index.append((part[-1][0], append(_block(part, restart))))
    meta = append(_block([], 1))
    footer = meta + append(_block(index, 1))
    return data + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def write_bundle(
    prefix: Path, tensors: Mapping[str, np.ndarray | bytes], *, shards: int = 1, byte_order: int = 0, needs: int = 0
) -> None:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    data = [b""] * shards
    entries = {b"": field(1, shards) + field(2, byte_order) + field(3, field(1, 1) + field(2, needs))}
    for number, (name, value) in enumerate(tensors.items()):
        shard = number % shards
        if isinstance(value, bytes):
            lengths = varint(len(value))
            check = struct.pack("<I", masked(crc32c(struct.pack("<I", len(value)))))
            raw, crc = lengths + check + value, crc32c(struct.pack("<I", len(value)) + check + value)
            shape, kind = b"", 7
        else:
            raw = np.ascontiguousarray(value).tobytes()
            crc, kind = crc32c(raw), TYPES[str(value.dtype)]
            shape = b"".join(field(2, field(1, n)) for n in value.shape)
        entry = field(1, kind) + field(2, shape) + field(3, shard) + field(4, len(data[shard])) + field(5, len(raw))
        entries[name.encode()] = entry + field(6, masked(crc), fixed32=True)
        data[shard] += raw
    Path(f"{prefix}.index").write_bytes(write_table(entries))
    for shard, raw in enumerate(data):
        Path(f"{prefix}.data-{shard:05d}-of-{shards:05d}").write_bytes(raw)


Tree = dict[str, Any]


def write_graph(tree: Tree) -> tuple[bytes, dict[str, np.ndarray]]:
    """An object graph and its tensors from nested mappings; a variable is (full name, array), objects may be shared."""
    nodes: list[tuple[list[tuple[str, int]], str, str]] = []
    numbers: dict[int, int] = {}
    tensors: dict[str, np.ndarray] = {}

    def visit(item: Any, path: str) -> int:
        if id(item) in numbers:
            return numbers[id(item)]
        number = numbers[id(item)] = len(nodes)
        if isinstance(item, tuple):
            key = f"{path}/.ATTRIBUTES/VARIABLE_VALUE"
            nodes.append(([], item[0], key))
            tensors[key] = item[1]
            return number
        children: list[tuple[str, int]] = []
        nodes.append((children, "", ""))
        for name, child in item.items():
            children.append((name, visit(child, f"{path}/{name}" if path else name)))
        return number

    visit(tree, "")
    message = b""
    for children, full_name, key in nodes:
        node = b"".join(field(1, field(1, number) + field(2, name)) for name, number in children)
        if key:
            node += field(2, field(1, "VARIABLE_VALUE") + field(2, full_name) + field(3, key))
        message += field(1, node)
    return message, tensors


def keras(value: Any) -> Any:
    """Tuples and lists as Keras writes them in JSON."""
    if isinstance(value, (list, tuple)):
        return {"class_name": "__tuple__", "items": [keras(item) for item in value]}
    if isinstance(value, dict):
        return {key: keras(item) for key, item in value.items()}
    return value


def write_metadata(folder: Path, class_name: str, arguments: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"class_name": class_name, "config": {key: keras(value) for key, value in arguments.items()}})
    other = field(2, 4) + field(3, "root.layer") + field(5, "{}")
    root = field(3, "root") + field(4, "_tf_keras_model") + field(5, text)
    (folder / "keras_metadata.pb").write_bytes(field(1, other) + field(1, root))


class Recorded:
    """A recorded model: its settings, weights by clear name, and the names that Keras gave them."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.data = {key: file[key] for key in file.files}
        self.config = json.loads(str(self.data["config"]))
        self.weights = {name: self.data[f"w/{name}"] for name in self.config["keras_names"]}

    def layers(self, *parts: str) -> dict[str, dict[str, np.ndarray]]:
        """Layer -> variable behind it -> array, of some parts."""
        found: dict[str, dict[str, np.ndarray]] = {}
        for clear, keras_name in self.config["keras_names"].items():
            if clear.split("/")[0] in parts:
                layer, _, rest = keras_name.partition("/")
                found.setdefault(layer, {})[rest] = self.weights[clear]
        return found

    def write_h5(self, path: Path, *parts: str) -> None:
        """The file of one graph."""
        with h5py.File(path, "w") as file:
            layers = self.layers(*parts)
            file.attrs["layer_names"] = [b"input_1", *(name.encode() for name in layers)]
            file.create_group("input_1").attrs["weight_names"] = []
            for layer, variables in layers.items():
                _write_group(file.create_group(layer), {f"{layer}/{name}": v for name, v in variables.items()})

    def write_model_h5(self, path: Path) -> None:
        """The file of the whole model: graphs with arbitrary names, the first of them once more."""
        groups = {
            "f_mri_ae_4": ("fmri_encoder",),
            "model_11": ("eeg_encoder",),
            "model_10": ("fmri_encoder",),
            "model_12": ("eeg_encoder", "decoder"),
        }
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [name.encode() for name in groups]
            for name, parts in groups.items():
                layers = self.layers(*parts).items()
                flat = {f"{layer}/{rest}": value for layer, variables in layers for rest, value in variables.items()}
                _write_group(file.create_group(name), flat)

    def write_saved_model(self, folder: Path, **extra: np.ndarray) -> None:
        """A SavedModel; `extra` are tensors beside the model."""
        graphs = {part: self._graph(part) for part in ("eeg_encoder", "fmri_encoder")}
        shared = dict(graphs["eeg_encoder"])
        for number, layer in enumerate(self._graph("decoder").values(), start=len(shared)):
            shared[f"layer_with_weights-{number}"] = layer
        tree: Tree = {"fmri_ae": {"encoder": graphs["fmri_encoder"]}, **graphs, "decoder": shared}
        message, tensors = write_graph(tree)
        write_bundle(folder / "variables" / "variables", {GRAPH: message, **tensors, **extra})
        write_metadata(folder, "EEG_to_fMRI", self.arguments())

    def _graph(self, part: str) -> Tree:
        layers = {}
        for number, (layer, variables) in enumerate(self.layers(part).items()):
            tree: Tree = {}
            for rest, value in variables.items():
                *path, leaf = rest.removesuffix(":0").split("/")
                place = tree
                for step in path:
                    place = place.setdefault(step, {})
                place[leaf] = (f"{layer}/{rest.removesuffix(':0')}", value)
            layers[f"layer_with_weights-{number}"] = tree
        return layers

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as the earlier package records them, idle ones included."""
        c = self.config
        fmri = [c["latent_shape"], c["fmri_shape"], [9, 9, 4], [1, 1, 1], c["n_channels"], True, c["batch_norm"]]
        fmri += [c["weight_decay"], True, 3, True, False, c["outfilter"], False, None, False, c["na_spec_fmri"]]
        idle = {"time_length": 1, "batch_norm_reg": False, "seed": None, "fourier_normalization": "layer"}
        idle |= {"resolution_decoder": None, "variational_coefs": None, "variational_iDFT_dependent_dim": 1}
        shared = {key: c[key] for key in ("n_channels", "weight_decay", "batch_norm", "skip_connections")}
        own = {"latent_shape": c["latent_shape"], "input_shape": c["eeg_shape"], "na_spec": c["na_spec_eeg"]}
        positions = c.get("random_padding_positions")
        flags = {**c["flags"], **({"random_padding_positions": positions} if positions else {})}
        return {**idle, **shared, **own, "fmri_args": fmri, **flags}


def _write_group(group: h5py.Group, variables: Mapping[str, np.ndarray]) -> None:
    group.attrs["weight_names"] = [name.encode() for name in variables]
    for name, value in variables.items():
        group.create_dataset(name, data=value)


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA


@pytest.fixture
def table_writer() -> Callable[..., bytes]:
    return write_table


@pytest.fixture
def bundle_writer() -> Callable[..., None]:
    return write_bundle


@pytest.fixture
def graph_writer() -> Callable[[Tree], tuple[bytes, dict[str, np.ndarray]]]:
    return write_graph


@pytest.fixture
def metadata_writer() -> Callable[..., None]:
    return write_metadata


@pytest.fixture
def message_field() -> Callable[..., bytes]:
    return field


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Recorded]:
    return lambda name: Recorded(DATA / name)
