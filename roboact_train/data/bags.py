"""Bags to samples: one for each motion that the arm carried out, with the image from just before it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language.plan import plan_from_text
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.types import CHUNK, Motion
from roboact_train.data import samples as kinds
from roboact_train.data.arm_trace import ArmStates
from roboact_train.data.bag_topics import (
    STATUS,
    check_commands,
    exposed_ns,
    image_topic,
    images_before,
    picture,
    policy_chose,
    reports,
    require,
    task_at,
    tasks,
    texts,
)
from roboact_train.data.executed import PERSON, UNDO, Executed, executed_steps
from roboact_train.data.samples import DONE, DONE_ACTION, DONE_LABEL, EpisodeSamples, Sample, label_of

AUGMENTED_FROM = "augmented_from"
"""Note of a bag in which an augmented copy of another episode was carried out; its value names that episode."""
DEVIATIONS = "deviations_ns"
"""Note of such a bag: JSON list of [begin, end] Unix times [ns]; motions begun within teach nothing."""

PERSON_MOTION, POLICY_MOTION = "teleop/motion", "policy/motion"
_ASKED_NS = 500_000_000
"""The executor begins a motion at most this long after it was asked for, or it was part of a plan."""
_TOLD_NS = 40_000_000
"""A motion that nobody just asked for began at most this long before the status that shows it."""
_STALE_NS = 500_000_000
"""An image from before the last motion must not be older than this when the next one begins."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment at which somebody decided: when, on what, and since when the arm had been at rest [ns]."""

    at_ns: int
    rested_ns: int
    step: Executed | None


def samples_from_bag(path: str | Path, camera: str = "", instruction: str = "") -> EpisodeSamples:
    """Read the samples of one bag.

    The image of a sample is the newest one exposed before the motion began: with the arm at rest, unless the motion
    took over from a running one. The last sample is ``done`` when the person said so.

    Args:
        path: Folder of the bag.
        camera: Camera to take the images of; by default the one of the cell's policy, or the only one.
        instruction: The task, in place of what was recorded.

    Raises:
        RecordingError: The bag is empty or lacks a topic, or a message in it cannot be used; names bag and topic.
    """
    with Episode(path) as episode:
        if not any(topic.count for topic in episode.topics.values()):
            raise RecordingError(f"{episode.path} is empty: no message was recorded")
        require(episode, STATUS)
        topic = image_topic(episode, camera)
        check_commands(episode)
        said = texts(episode, (PERSON_MOTION, POLICY_MOTION))
        steps = executed_steps(reports(episode))
        moments = _moments(steps, said)
        images = images_before(episode, topic, [moment.at_ns for moment in moments])
        told = tasks(episode)
        states = ArmStates(episode)
        corrected = policy_chose(episode)
        deviations = _deviations(episode)
        skipped: Counter[str] = Counter()
        samples: list[Sample] = []
        for moment, raw in zip(moments, images, strict=True):
            refusal = _refusal(moment, raw, deviations)
            if refusal or raw is None:
                skipped[refusal] += 1
                continue
            task = instruction or task_at(episode, told, moment.at_ns)
            samples.append(_sample(episode, moment, raw, task, _source(episode, moment.step, corrected), states))
    if not samples:
        raise RecordingError(f"{path}: no motion of it can be used ({_reasons(skipped)}); topic {STATUS}")
    return EpisodeSamples(samples, skipped)


def _sample(episode: Episode, moment: _Moment, raw: RawMessage, task: str, source: str, states: ArmStates) -> Sample:
    name = f"{episode.path} {raw.topic.name}"
    if not task:
        raise RecordingError(
            f'{episode.path}: nothing was said on the topic "instruction" and none is noted; give one (--instruction)'
        )
    image = picture(raw, name)
    stamp_ns = exposed_ns(raw)
    if moment.step is None:
        return Sample(image, task, DONE, DONE_ACTION, DONE_LABEL, source, stamp_ns, episode.path.name)
    motion = _motion(episode, moment.step)
    label = label_of(motion.primitive, f"{episode.path} {STATUS}")
    trace = states.trace(moment.at_ns, moment.step.ended_ns)
    return Sample(image, task, motion.primitive, motion.action, label, source, stamp_ns, episode.path.name, trace)


def _moments(steps: Sequence[Executed], said: list[tuple[int, str, str]]) -> list[_Moment]:
    """Return when each step was begun, and when the person said that the task is done, in order."""
    moments: list[_Moment] = []
    rested = before = 0
    for step in steps:
        # What was asked for before the last step began was a plan, and this is a later part of it.
        earliest, before = max(before, step.seen_ns - _ASKED_NS), step.seen_ns
        asked = [at for at, _, text in said if earliest < at <= step.seen_ns and step.phrase in text]
        begun = max(asked[-1] if asked else step.seen_ns - _TOLD_NS, moments[-1].at_ns if moments else 0)
        moments.append(_Moment(begun, rested, step))
        rested = step.ended_ns
    done = [at for at, name, text in said if name == PERSON_MOTION and text == DONE and at >= rested]
    return [*moments, _Moment(done[-1], rested, None)] if done and moments else moments


def _refusal(moment: _Moment, raw: RawMessage | None, deviations: list[tuple[int, int]]) -> str:
    """Return why a moment teaches nothing, empty when it does."""
    step = moment.step
    if step is not None and (step.phrase == "home" or step.phrase.startswith(UNDO)):
        return "home or undo"
    if step is not None and step.phrase.startswith(CHUNK):
        return "part of an action chunk"
    if step is not None and step.refusal:
        return step.refusal
    if any(begin <= moment.at_ns <= end for begin, end in deviations):
        return "deviation"
    if raw is None:
        return "no image before it"
    stamp = exposed_ns(raw)
    return "no recent image" if stamp < moment.rested_ns and moment.at_ns - stamp > _STALE_NS else ""


def _deviations(episode: Episode) -> list[tuple[int, int]]:
    text = episode.notes.get(DEVIATIONS, "[]")
    try:
        return [(int(begin), int(end)) for begin, end in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise RecordingError(f'{episode.path}: the note "{DEVIATIONS}" is no list of intervals: {text}') from error


def _motion(episode: Episode, step: Executed) -> Motion:
    try:
        plan = plan_from_text(step.phrase)
    except LanguageRefusal as error:
        raise RecordingError(f"{episode.path}, topic {STATUS}: another vocabulary? {error}") from error
    if isinstance(plan, str) or len(plan) != 1:
        raise RecordingError(f'{episode.path}, topic {STATUS}: "{step.phrase}" is not one motion')
    return plan[0]


def _source(episode: Episode, step: Executed | None, corrected: bool) -> str:
    if AUGMENTED_FROM in episode.notes:
        return kinds.AUGMENTED
    if step is not None and step.source != PERSON:
        return kinds.POLICY
    return kinds.CORRECTION if corrected else kinds.TELEOP


def _reasons(skipped: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in skipped.items()) or "the arm did not move"
