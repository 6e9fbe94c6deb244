"""A model goes to a hub on 127.0.0.1 with a card that says what it is for, its data, protocol, controls and licence."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from eeg2fmri import Synthesizer
from eeg2fmri.core.errors import Eeg2FmriError


class FakeHub(BaseHTTPRequestHandler):
    """As much of the Hub as a push needs; what is committed is kept in `files`."""

    files: dict = {}  # noqa: RUF012

    def do_POST(self):
        """Answer the calls of a push: make a repository, check the card, ask how files travel, commit."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "/repos/create" in self.path:
            name = json.loads(body)["name"]
            self.answer({"url": f"http://127.0.0.1/{json.loads(body).get('organization', 'me')}/{name}"})
        elif "/validate-yaml" in self.path:
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            asked = json.loads(body)["files"]
            self.answer({"files": [{**one, "uploadMode": "regular", "shouldIgnore": False} for one in asked]})
        elif "/commit/" in self.path:
            for line in body.decode().splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    self.files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            where = f"http://127.0.0.1:{self.server.server_port}/me/model/commit/{'0' * 40}"
            self.answer({"commitOid": "0" * 40, "commitUrl": where, "success": True})
        else:
            self.answer({"error": self.path}, 404)

    def do_GET(self):
        """Say that a repository is there and empty."""
        self.answer({"id": "me/model", "sha": "0" * 40, "siblings": []})

    def answer(self, content, status=200):
        """Send JSON."""
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch):
    """Return the files of a hub to which everything goes (dict of name to bytes)."""
    FakeHub.files = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    yield FakeHub.files
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_run_is_pushed_with_a_whole_card_and_loads_again(small_run, hub, tmp_path):
    synthesizer = Synthesizer.from_pretrained(small_run, device="cpu")
    synthesizer.push_to_hub("me/model", token="hf_" + "a" * 20, licence="CC-BY-4.0")
    card = hub["README.md"].decode()
    for part in ("Intended use", "Data", "Protocol", "What was found, and controls", "Licence"):
        assert f"## {part}\n" in card
    assert "12 electrodes" in card
    assert "1 training, 1 validation, 1 test" in card
    assert "CC-BY-4.0" in card
    assert "Not evaluated" in card
    assert "hub:me/model" in card
    assert card.startswith("---\nlibrary_name: eeg2fmri\n")
    for name in ("config.json", "weights.safetensors"):
        (tmp_path / name).write_bytes(hub[name])
    again = Synthesizer.from_pretrained(tmp_path, device="cpu")
    assert again.loaded.digest == synthesizer.loaded.digest


def test_without_a_licence_the_card_says_so(small_run, hub):
    Synthesizer.from_pretrained(small_run, device="cpu").push_to_hub("me/model", token="hf_" + "a" * 20)
    assert "Not stated" in hub["README.md"].decode()


def test_a_damaged_evaluation_is_told_before_anything_is_sent(small_run, hub, tmp_path):
    import shutil

    shutil.copytree(small_run, tmp_path / "run")
    (tmp_path / "run" / "evaluation").mkdir()
    (tmp_path / "run" / "evaluation" / "scores.json").write_text("{")
    synthesizer = Synthesizer.from_pretrained(tmp_path / "run", device="cpu")
    with pytest.raises(Eeg2FmriError, match=r"scores\.json"):
        synthesizer.push_to_hub("me/model", token="hf_" + "a" * 20)
    assert hub == {}
