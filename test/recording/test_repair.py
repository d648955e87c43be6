"""What a crash leaves can be read at once, and is a whole bag after a repair."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from recorded import STRING, T0, text, words_by_mcap, words_by_rosbags, write_bag

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.folders import BagState, bag_state
from roboact_ros.recording.metadata import FILE_NAME, read_metadata
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.repair import repair

WORDS = [f"word {i}" for i in range(40)]
LIVE = """
import itertools, sys, time
sys.path.insert(0, sys.argv[2])
from recorded import STRING, text
from roboact_ros.recording.background import BackgroundWriter
from roboact_ros.recording.bag_writer import BagWriter
bag = BackgroundWriter(BagWriter(sys.argv[1], {"instruction": "stack them"}))
for i in itertools.count():
    now = time.time_ns()
    bag.write("/words", STRING, text(f"word {i}"), now, now)
    print(now, flush=True)
    time.sleep(0.005)
"""


def unfinished(folder: Path, chunks: int = 8) -> Path:
    """Write a bag of ``WORDS`` in several chunks and leave it as a crash would."""
    bag = BagWriter(folder / "episode", {"instruction": "stack them"})
    for i, word in enumerate(WORDS):
        bag.write("/words", STRING, text(word), T0 + i * 1000)
        if i % (len(WORDS) // chunks) == 0:
            bag.flush()
    bag.flush()
    bag.abandon()
    return bag.unfinished_path


def test_a_killed_recorder_loses_less_than_the_last_second(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIVE, str(tmp_path / "episode"), str(Path(__file__).parent)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = int(process.stdout.readline())
    last = first
    while last - first < 1.5e9:
        last = int(process.stdout.readline())
    left = tmp_path / "episode.recording"
    assert bag_state(left) is BagState.RECORDING
    with pytest.raises(RecordingError, match="being recorded"):
        repair(left)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=20)
    killed_ns = max([last, *(int(line) for line in rest.splitlines()[:-1] if line)])
    assert bag_state(left) is BagState.UNFINISHED

    with Episode(left) as episode:
        before = [message.data for _, _, message in episode.messages()]
        assert not episode.complete
        assert episode.instruction == "stack them"
        assert killed_ns - (episode.start_ns + int(episode.duration * 1e9)) < 1_000_000_000
    result = repair(left)
    assert result.path == tmp_path / "episode"
    assert not left.exists()
    assert words_by_rosbags(result.path) == words_by_mcap(result.path) == before
    assert before == [f"word {i}" for i in range(len(before))]


def test_wherever_the_file_is_torn_every_whole_chunk_survives(tmp_path: Path) -> None:
    original = unfinished(tmp_path)
    data = (original / "episode_0.mcap").read_bytes()
    survivors = []
    for size in range(2000, len(data) + 1, 97):
        torn = tmp_path / f"torn{size}.recording"
        shutil.copytree(original, torn)
        (torn / "episode_0.mcap").write_bytes(data[:size])
        result = repair(torn)
        words = words_by_mcap(result.path)
        assert words == words_by_rosbags(result.path) == WORDS[: len(words)]
        assert result.messages == len(words) == read_metadata(result.path)["message_count"]
        assert result.dropped_bytes < len(data) / 4
        survivors.append(len(words))
    assert survivors == sorted(survivors)
    assert survivors[0] < survivors[-1]
    assert len(words_by_mcap(repair(original).path)) == len(WORDS)


def test_a_repaired_bag_has_the_same_index_as_one_that_was_closed(tmp_path: Path) -> None:
    closed = write_bag(tmp_path / "closed", WORDS, instruction="stack them")
    information = read_metadata(closed)
    (closed / FILE_NAME).unlink()
    assert bag_state(closed) is BagState.UNFINISHED
    assert repair(closed).dropped_bytes == 0
    assert read_metadata(closed) == information
    assert repair(closed) == repair(closed)


def test_garbage_behind_the_last_chunk_is_cut_off(tmp_path: Path) -> None:
    left = unfinished(tmp_path)
    with (left / "episode_0.mcap").open("ab") as file:
        file.write(bytes(5000))
    result = repair(left)
    assert result.dropped_bytes == 5000
    assert words_by_rosbags(result.path) == WORDS


def test_what_cannot_be_repaired_says_why(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="0 MCAP files"):
        repair(tmp_path / "nothing")
    BagWriter(tmp_path / "empty").abandon()
    with pytest.raises(RecordingError, match="no whole message"):
        repair(tmp_path / "empty.recording")
    left = unfinished(tmp_path)
    write_bag(tmp_path / "episode2", WORDS).rename(tmp_path / "episode")
    with pytest.raises(RecordingError, match="exists already"):
        repair(left)
    (left / "episode_0.mcap").write_bytes(b"")
    with pytest.raises(RecordingError, match="empty"):
        Episode(left)
