"""The object graph of a TensorFlow checkpoint: which object owns which variable, under which name.

Field numbers are those of tensorflow/core/protobuf/trackable_object_graph.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.wire import Message

#: Name of the graph among the tensors of a bundle.
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
#: What a node calls the value of its variable.
VALUE = "VARIABLE_VALUE"


@dataclass(frozen=True)
class Node:
    """One object.

    Attributes
    ----------
    children : tuple of (str, int)
        Attribute name and number of each object that it refers to.
    variable : str
        Full name of its variable, such as ``dense_3/kernel``; empty if it is none.
    key : str
        Name of that variable's tensor in the bundle.
    """

    children: tuple[tuple[str, int], ...]
    variable: str
    key: str


class ObjectGraph:
    """Objects of a checkpoint; the first one is the model.

    Parameters
    ----------
    data : bytes
        The message that the bundle holds under `GRAPH`.
    where : str
        Its file, for errors.

    Raises
    ------
    CheckpointError
        If the message is damaged, empty, or refers to objects that are not there.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self.where = f"{where}: {GRAPH}"
        self.nodes = [self._node(message) for message in Message(data, self.where).messages(1)]
        if not self.nodes:
            raise CheckpointError("the object graph is empty", where=self.where)
        for node in self.nodes:
            for name, number in node.children:
                if number >= len(self.nodes):
                    raise CheckpointError(
                        "the object graph refers to an object that is not there",
                        where=self.where,
                        got=f"{name!r} is object {number}",
                        expected=f"one of {len(self.nodes)} objects",
                    )

    def child(self, name: str, parent: int = 0) -> int | None:
        """Return the number of the object that `parent` calls `name`, if there is one."""
        return dict(self.nodes[parent].children).get(name)

    def variables(self, root: int) -> Iterator[Node]:
        """Variables below an object, each once, the layers of a Keras model in the order of the model."""
        seen = {root}
        waiting = [root]
        while waiting:
            node = self.nodes[waiting.pop()]
            if node.variable:
                yield node
            new = []
            for _, number in sorted(node.children, key=_position):
                if number not in seen:
                    seen.add(number)
                    new.append(number)
            waiting.extend(reversed(new))

    def _node(self, message: Message) -> Node:
        children = tuple((reference.text(2), reference.number(1)) for reference in message.messages(1))
        for value in message.messages(2):
            if value.text(1) == VALUE:
                return Node(children, value.text(2), value.text(3))
        return Node(children, "", "")


def _position(child: tuple[str, int]) -> tuple[int, int]:
    """Sort key that puts numbered layers in their order and leaves everything else where it is."""
    name, _ = child
    prefix, _, number = name.rpartition("-")
    return (0, int(number)) if prefix == "layer_with_weights" and number.isdigit() else (1, 0)
