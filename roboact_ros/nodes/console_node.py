"""Serves the operator's web page of a cell."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger

from roboact_ros.cells.description import Cell, ConsoleDescription
from roboact_ros.console.access import Access, is_loopback, read_token
from roboact_ros.console.board import Board, CellView, Choice, Part
from roboact_ros.console.commands import Commands
from roboact_ros.console.episodes import Episodes
from roboact_ros.console.images import ImageFeed
from roboact_ros.console.robot import RECORDER_ACTIONS, Heard, Understanding
from roboact_ros.console.series import Series
from roboact_ros.console.server import ConsoleServer, secure
from roboact_ros.console.shelf import Shelf
from roboact_ros.console.streams import Streams
from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language.parse import parse
from roboact_ros.language.viewpoint import BASE, OPERATOR, Viewpoint, tool_viewpoint
from roboact_ros.nodes.frame_subscription import NEWEST_IMAGE
from roboact_ros.nodes.messages.arm import tool_pose_from_message
from roboact_ros.nodes.messages.diagnostics import Status, status_from_message, statuses_from_array
from roboact_ros.nodes.messages.scores import scores_from_message
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.teleop_node import understood
from roboact_ros.recording.session import SESSION, session_name
from roboact_ros.share import state_folder

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
EVERYWHERE = ("", "0.0.0.0", "::")
"""Names of all addresses of this machine, which no browser can open."""
EARS = ("pocketsphinx", "faster_whisper")
DEAF = "Speech is not installed: pip install 'roboact_ros[speech]'"
RECORDER_SECONDS = 60.0
"""Saving waits for the disk."""


class ConsoleNode(Node):  # type: ignore[misc]
    """Shows the page what the cell says, and says to the cell what the page asks.

    Args:
        cell: The cell.

    Raises:
        ConfigurationError: The page cannot be served as the cell asks.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__("console")
        self._board = Board()
        self._images = ImageFeed(tuple(cell.cameras))
        self._refused = ""
        self._counted: tuple[str, ...] = ()
        folder = Path(cell.recording.folder).expanduser().resolve()
        self._series = Series(folder, self._board)
        self._robot = RosRobot(self, cell, self._series)
        where = f"simulated {cell.arm.model}" if cell.simulated else f"{cell.arm.model} at {cell.robot_address}"
        where = cell.robot_words if cell.arms else where
        policy = "" if cell.policy.kind == "none" else cell.policy.kind
        self._board.put("cell", CellView(cell.name, where, tuple(cell.cameras), policy))
        self._board.put("instruction", cell.instruction)
        self._board.put("hearing", "" if any(map(find_spec, EARS)) else DEAF)
        self.create_subscription(DiagnosticStatus, "executor/status", self._on_executor, LATCHED)
        self.create_subscription(DiagnosticStatus, "recorder/status", self._on_recorder, LATCHED)
        self.create_subscription(
            DiagnosticStatus, "policy/status", lambda m: self._board.put("policy", _part(m)), LATCHED
        )
        self.create_subscription(DiagnosticStatus, "teleop/status", self._on_answer, 10)
        self.create_subscription(String, "correction", lambda m: self._board.say("person", m.data), 10)
        self.create_subscription(String, "instruction", lambda m: self._board.put("instruction", m.data), LATCHED)
        self.create_subscription(DiagnosticArray, "policy/scores", self._on_scores, 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 20)
        for name in cell.cameras:
            topic = f"camera/{name}/image/compressed"
            self.create_subscription(CompressedImage, topic, self._sees(name), NEWEST_IMAGE)
        self._server = self._serve(cell, Shelf(folder))

    def destroy_node(self) -> None:
        """Let go of the pages before the publishers go."""
        self._server.close()
        super().destroy_node()

    def _serve(self, cell: Cell, shelf: Shelf) -> ConsoleServer:
        wanted = cell.console
        token = "" if is_loopback(wanted.host) else read_token(_token_file(wanted))
        commands = Commands(self._robot, self._board)
        streams = Streams(self._board, self._images, commands.stop)
        routes = [*commands.routes(), *streams.routes(), *Episodes(shelf).routes()]
        tls = secure(wanted.certificate, wanted.key)
        server = ConsoleServer(Access(token), routes, streams.attach, wanted.host, wanted.port, tls)
        name = socket.gethostname() if wanted.host in EVERYWHERE else wanted.host
        host = f"[{name}]" if ":" in name else name
        fragment = f"#token={token}" if token else ""
        print(f"{'https' if tls else 'http'}://{host}:{server.port}/{fragment}", flush=True)
        return server

    def _on_executor(self, message: DiagnosticStatus) -> None:
        part = _part(message)
        self._board.put("arm", part)
        refused = part.values.get("refused", "")
        if refused and refused != self._refused:
            self._board.say("robot", refused, "warn")
        self._refused = refused

    def _on_recorder(self, message: DiagnosticStatus) -> None:
        part = _part(message)
        self._board.put("recorder", part)
        counted = tuple(part.values.get(key, "") for key in ("task", "state", "episode"))
        if counted != self._counted:
            self._counted = counted
            self._robot.task = counted[0]
            self._series.recount(counted[0])

    def _on_answer(self, message: DiagnosticStatus) -> None:
        part = _part(message)
        self._board.put("answer", part)
        self._board.say("robot", part.message, part.level)

    def _on_scores(self, message: DiagnosticArray) -> None:
        scores = scores_from_message(message)
        self._board.put("choice", Choice(scores.motion, scores.best, scores.inference_ms, scores.carried_out))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in statuses_from_array(message, self.get_namespace()):
            self._board.put(f"health/{status.name}", _shown(status))

    def _sees(self, camera: str) -> Callable[[CompressedImage], None]:
        return lambda message: self._images.put(camera, bytes(message.data))


class RosRobot:
    """The cell, reached over ROS.

    Attributes:
        task: The present task, as the recorder tells it.

    Args:
        node: Publishes and calls.
        cell: The cell.
        series: Counts the episodes.
    """

    def __init__(self, node: Node, cell: Cell, series: Series) -> None:
        self.task = cell.instruction
        self._series = series
        self._speech = cell.speech
        self._word = node.create_publisher(String, "teleop/motion", 10)
        self._stop = node.create_client(Trigger, "executor/stop")
        self._correction = node.create_publisher(String, "correction", 10)
        self._instruction = node.create_publisher(String, "instruction", LATCHED)
        self._note = node.create_publisher(KeyValue, "recorder/note", 10)
        self._recorder = {name: node.create_client(Trigger, f"recorder/{name}") for name in RECORDER_ACTIONS}
        self._viewpoint: Viewpoint | None = OPERATOR if cell.viewpoint == "operator" else BASE
        if cell.viewpoint == "tool":
            self._viewpoint = None
            node.create_subscription(PoseStamped, "tcp_pose", self._moved, 1)

    def stop(self) -> None:
        """Publish the word that executor and policy obey first; no other node stands in between.

        The executor is called, too: there no other words wait in front of it.
        """
        self._word.publish(String(data="stop"))
        if self._stop.service_is_ready():
            self._stop.call_async(Trigger.Request())

    def ask(self, word: str) -> None:
        """Publish one of the words of the executor."""
        self._word.publish(String(data=word))

    def say(self, text: str) -> None:
        """Publish a correction."""
        self._correction.publish(String(data=text))

    def instruct(self, text: str) -> None:
        """Publish the task."""
        self._instruction.publish(String(data=text))

    def understand(self, text: str) -> Understanding:
        """Parse as the teleop node does."""
        if self._viewpoint is None:
            return Understanding("I do not know yet where the gripper points. Is the robot connected?", True)
        try:
            command = parse(text, self._viewpoint)
        except LanguageRefusal as question:
            return Understanding(str(question), True)
        if command.control == "again":
            return Understanding("I will repeat the last motion.", False)
        return Understanding(understood(command).message, False)

    def record(self, action: str) -> str:
        """Call a service of the recorder.

        Raises:
            RecordingError: It refuses or does not answer.
        """
        client = self._recorder[action]
        if not client.service_is_ready():
            raise RecordingError("the recorder is not running")
        try:
            response = client.call(Trigger.Request(), timeout_sec=RECORDER_SECONDS)
        except TimeoutError:
            raise RecordingError(f"the recorder did not answer within {RECORDER_SECONDS:.0f} s") from None
        if not response.success:
            raise RecordingError(response.message)
        if action in ("start", "rerecord") and self.task:
            self._note.publish(KeyValue(key=SESSION, value=session_name(self.task)))
        return str(response.message)

    def aim(self, target: int) -> None:
        """Want so many good episodes of the present task."""
        self._series.aim(self.task, target)

    def note(self, text: str) -> None:
        """Publish a remark for the recorder."""
        self._note.publish(KeyValue(key="note", value=text))

    def hear(self, wav: bytes) -> Heard:
        """Turn speech into words.

        Raises:
            SpeechError: Speech is not installed, or the recording cannot be used.
        """
        from roboact_ros.speech.hear import hear_wav  # an ear is large, and few cells are spoken to

        heard = hear_wav(wav, self._speech.ear, self._speech.model)
        return Heard(heard.text, heard.asks)

    def _moved(self, message: PoseStamped) -> None:
        self._viewpoint = tool_viewpoint(tool_pose_from_message(message)[0])


def _part(message: DiagnosticStatus) -> Part:
    return _shown(status_from_message(message))


def _shown(status: Status) -> Part:
    return Part(status.name, status.level.name.lower(), status.message, dict(status.values))


def _token_file(console: ConsoleDescription) -> Path:
    if console.token_file:
        return Path(console.token_file).expanduser()
    return state_folder() / "console_token"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(lambda cell, args: ConsoleNode(cell), __doc__ or "", arguments)


if __name__ == "__main__":
    sys.exit(main())
