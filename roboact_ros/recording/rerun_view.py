"""Shows an episode in rerun: every camera, the arm, and what was said, on one time line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.errors import ConfigurationError
from roboact_ros.recording.images import frame_from_recorded
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.timeline import Curve, timeline


def show(bag: Path, file: Path | None = None) -> None:
    """Open the viewer with an episode, or write what it would show to a ``.rrd`` file.

    Raises:
        ConfigurationError: rerun is not installed.
        RecordingError: The bag cannot be read.
    """
    try:
        import rerun
    except ImportError as error:
        raise ConfigurationError(
            f"rerun is not installed ({error}): pip install 'roboact_ros[view]', or write a picture with --sheet FILE"
        ) from error
    with Episode(bag) as episode:
        it = timeline(episode)
        recording = rerun.RecordingStream("roboact", recording_id=episode.path.name)
        if file is None:
            recording.spawn()
        else:
            recording.save(str(file))
        text = f"{it.summary.instruction}\n\n{it.summary.notes.get('outcome', '')}"
        recording.log("task", rerun.TextDocument(text), static=True)
        for camera, images in it.images.items():
            for seconds, raw in images:
                recording.set_time("episode", duration=seconds)
                message = raw.message()
                if hasattr(message, "encoding"):
                    recording.log(f"camera/{camera}", rerun.Image(frame_from_recorded(message, camera).image))
                else:
                    kind = "image/png" if bytes(message.data[:2]) == b"\x89P" else "image/jpeg"
                    image = rerun.EncodedImage(contents=bytes(message.data), media_type=kind)
                    recording.log(f"camera/{camera}", image)
        for name, arm in it.arms.items():
            for place, curve in (("tool", arm.tool), ("gripper", arm.gripper), ("joints", arm.joints)):
                _curve(recording, topic_of_arm(name, place), curve)
            if len(arm.tool.seconds):
                recording.log(topic_of_arm(name, "path"), rerun.LineStrips3D([arm.tool.values]), static=True)
        for step in it.steps:
            recording.set_time("episode", duration=step.begin)
            recording.log("motion", rerun.TextLog(f"{step.phrase} ({step.source}, {step.end - step.begin:.1f} s)"))
        for event in it.said:
            recording.set_time("episode", duration=event.seconds)
            recording.log("said", rerun.TextLog(f"{event.topic}: {event.text}"))
        recording.flush()


def _curve(recording: object, place: str, curve: Curve) -> None:
    import rerun

    for number, name in enumerate(curve.names):
        rerun.send_columns(
            f"{place}/{name}",
            indexes=[rerun.TimeColumn("episode", duration=curve.seconds)],
            columns=rerun.Scalars.columns(scalars=np.ascontiguousarray(curve.values[:, number])),
            recording=recording,
        )
