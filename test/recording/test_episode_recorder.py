"""Episodes begin with what holds, end where they should, and never hide a loss."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from recorded import STRING, T0, text, words_by_mcap, words_by_rosbags

from roboact_ros.errors import RecordingError
from roboact_ros.recording.background import BackgroundWriter
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.episode_recorder import REPLACES, EpisodeRecorder, RecordedTopic
from roboact_ros.recording.folders import DISCARDED, KEPT_DISCARDED, BagState, episode_path, find_bags
from roboact_ros.recording.qos import TopicQos
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.repair import repair

STATE = RecordedTopic("/instruction", STRING, state=True)
EVENT = RecordedTopic("/teleop/motion", STRING, state=False)
S = 1_000_000_000


@pytest.fixture
def recorder(tmp_path: Path) -> EpisodeRecorder:
    return EpisodeRecorder(tmp_path / "bags", {"cell": "{}"})


def test_an_episode_begins_with_the_newest_state_and_no_old_event(recorder: EpisodeRecorder) -> None:
    recorder.receive(STATE, text("old"), T0)
    recorder.receive(STATE, text("move the block"), T0 + 1)
    recorder.receive(EVENT, text("before"), T0 + 2)
    recorder.offer(STATE.name, TopicQos("reliable", "transient_local", 1))
    path = recorder.start("move the block", T0 + S)
    recorder.receive(EVENT, text("during"), T0 + 2 * S)
    assert recorder.save({"ended_by": "test"}) == path
    recorder.receive(EVENT, text("after"), T0 + 3 * S)
    with Episode(path) as episode:
        read = [(m.topic.name, m.log_time_ns, m.publish_time_ns, bytes(m.data)) for m in episode.raw_messages()]
        assert episode.notes["outcome"] == "saved"
        assert episode.notes["episode"] == "1"
        assert episode.notes["drops"] == "0"
        assert episode.instruction == "move the block"
    assert read == [
        ("/instruction", T0 + S, T0 + 1, text("move the block")),
        ("/teleop/motion", T0 + 2 * S, T0 + 2 * S, text("during")),
    ]


def test_every_episode_gets_its_own_folder_and_number(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    paths = []
    for _ in range(3):
        recorder.start("Stack: the RED/blue blocks!", T0)
        recorder.receive(EVENT, text("x"), T0)
        paths.append(recorder.save({}))
    assert len(set(paths)) == 3
    assert all("stack_the_red_blue_blocks" in path.name for path in paths)
    assert [bag.state for bag in find_bags(tmp_path / "bags")] == [BagState.SAVED] * 3
    with Episode(paths[-1]) as episode:
        assert episode.notes["episode"] == "3"


def test_discarded_episodes_stay_until_later_ones_are_saved(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    for i in range(KEPT_DISCARDED + 3):
        recorder.start("", T0 + i * S)
        recorder.receive(EVENT, text(str(i)), T0)
        recorder.discard({})
    discarded = tmp_path / "bags" / DISCARDED
    names = sorted(path.name for path in discarded.iterdir())
    assert len(names) == KEPT_DISCARDED + 3
    assert find_bags(tmp_path / "bags") == []
    recorder.start("", T0 + 100 * S)
    recorder.receive(EVENT, text("kept"), T0)
    recorder.save({})
    recorder.purge()
    assert sorted(path.name for path in discarded.iterdir()) == names[3:]
    assert len(find_bags(tmp_path / "bags")) == 1


def test_an_episode_that_is_recorded_again_stays_until_the_new_one_is_saved(recorder: EpisodeRecorder) -> None:
    with pytest.raises(RecordingError, match="nothing to record again"):
        recorder.start_again("", T0, {})
    recorder.start("", T0)
    recorder.receive(EVENT, text("first"), T0)
    first = recorder.save({})
    for word in ("spoilt", "spoilt too"):  # discarding what should replace it leaves the old one in its place
        recorder.start_again("", T0 + S, {})
        recorder.receive(EVENT, text(word), T0 + S)
        recorder.discard({})
        assert first.is_dir() and recorder.last == first
    recorder.start_again("", T0 + 2 * S, {})
    recorder.receive(EVENT, text("not yet"), T0 + 2 * S)
    third = recorder.start_again("", T0 + 3 * S, {"ended_by": "rerecord"})  # and once more, while it runs
    recorder.receive(EVENT, text("good"), T0 + 3 * S)
    assert first.is_dir()
    assert recorder.save({}) == third == recorder.last
    assert not first.exists() and (first.parent / DISCARDED / first.name).is_dir()
    with Episode(third) as episode:
        assert episode.notes[REPLACES] == first.name
        assert [m.data for _, _, m in episode.messages()] == ["good"]


def test_a_note_outlives_a_crash(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "bag", {"instruction": "stack"})
    bag.write("/words", STRING, text("one"), T0)
    bag.note({"session": "stack"})
    bag.write("/words", STRING, text("two"), T0 + 1)
    bag.flush()
    bag.abandon()
    path = repair(bag.unfinished_path).path
    with Episode(path) as episode:
        assert (episode.notes["instruction"], episode.notes["session"]) == ("stack", "stack")
        assert [m.data for _, _, m in episode.messages()] == ["one", "two"]
    assert words_by_mcap(path) == words_by_rosbags(path) == ["one", "two"]


def test_starting_twice_or_saving_nothing_is_refused(recorder: EpisodeRecorder) -> None:
    for action in (recorder.save, recorder.discard):
        with pytest.raises(RecordingError, match="start one first"):
            action({})
    recorder.start("", T0)
    with pytest.raises(RecordingError, match="recorded already"):
        recorder.start("", T0)
    recorder.discard({})
    assert recorder.progress is None


def test_an_episode_without_messages_is_still_a_bag(recorder: EpisodeRecorder) -> None:
    recorder.start("", T0)
    with Episode(recorder.save({})) as episode:
        assert list(episode.messages()) == []
        assert episode.duration == 0.0


def test_messages_that_find_no_room_are_counted(tmp_path: Path) -> None:
    writer = BackgroundWriter(BagWriter(tmp_path / "episode"), queue_bytes=100)
    writer.write("/words", STRING, bytes(101), T0, T0)
    writer.write("/words", STRING, text("fits"), T0, T0)
    assert (writer.drops, writer.messages) == (1, 1)
    with Episode(writer.close()) as episode:
        assert episode.notes["drops"] == "1"
        assert episode.topics["/words"].count == 1


def test_a_message_that_cannot_be_written_ends_the_episode_with_its_reason(recorder: EpisodeRecorder) -> None:
    recorder.start("", T0)
    recorder.receive(EVENT, text("good"), T0)
    recorder.receive(RecordedTopic("/odd", "my_msgs/msg/Thing", state=False), b"", T0)
    with pytest.raises(RecordingError, match=r"my_msgs/msg/Thing.*roboact bags repair"):
        recorder.save({})
    assert recorder.progress is None


def test_names_are_taken_from_the_moment_and_the_task(tmp_path: Path) -> None:
    now = datetime.datetime(2026, 11, 21, 10, 15, 30)
    assert episode_path(tmp_path, "Move the block", now).name == "2026-11-21_10-15-30_move_the_block"
    (tmp_path / "2026-11-21_10-15-30_episode.recording").mkdir()
    assert episode_path(tmp_path, " …", now).name == "2026-11-21_10-15-30_episode_2"
