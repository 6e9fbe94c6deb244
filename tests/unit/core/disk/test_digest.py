import hashlib
from pathlib import Path

import numpy as np
import pytest
import xxhash

from eeg2fmri.core.disk.digest import CONTENT, content_digest, file_digest
from eeg2fmri.data.store.writer import write_array


@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) + 1, 1_000_003])
def test_digests_are_those_of_the_whole_content(tmp_path: Path, size: int) -> None:
    content = np.random.default_rng(size).bytes(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    assert content_digest(path) == xxhash.xxh3_128_hexdigest(content)
    assert file_digest(path) == hashlib.sha256(content).hexdigest()


def test_what_is_written_in_pieces_has_the_digest_of_its_file(tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal((3, 70, 70, 40)).astype(np.float32)
    facts = write_array(tmp_path / "bold.npy", array)
    assert facts == {"size": (tmp_path / "bold.npy").stat().st_size, CONTENT: content_digest(tmp_path / "bold.npy")}
    np.testing.assert_array_equal(np.load(tmp_path / "bold.npy"), array)
