"""The dashboard server of a Universal Robots controller: who controls it, and what a person may ask of it."""

from __future__ import annotations

from dashboard_client import DashboardClient

from roboact_ros.errors import ArmError
from roboact_ros.robots import ROBOTS, RobotModel

_TIMEOUT_MS = 2000
_GENERATIONS = {3: "cb3", 5: "e-series"}


class Dashboard:
    """One connection to the dashboard server; every call may block for up to 2.5 s.

    Args:
        address: Host name or address of the controller.
        model: The arm that is expected there.

    Raises:
        ArmError: Nothing answers, or another generation of robot does.
    """

    def __init__(self, address: str, model: RobotModel) -> None:
        self._client = DashboardClient(address)
        try:
            self._client.connect(_TIMEOUT_MS)
            version = self._client.polyscopeVersion()
        except RuntimeError as error:
            raise ArmError(f"the dashboard of the controller at {address}:29999 does not answer: {error}") from error
        major, minor = (int(number) for number in version.split(".")[:2])
        generation = _GENERATIONS.get(major, f"PolyScope {major}")
        if generation != model.generation:
            fitting = [name for name, other in ROBOTS.items() if other.generation == generation]
            raise ArmError(
                f"the controller at {address} runs PolyScope {version} ({generation}), but arm.model is {model.name} "
                f"({model.generation}); models for it: {', '.join(fitting) or '(none)'}"
            )
        self._knows_remote = (major, minor) >= (5, 6)

    def remote(self) -> bool:
        """Whether the network may control the robot; older controllers do not distinguish."""
        if not self._client.isConnected():
            self._client.connect(_TIMEOUT_MS)
        return not self._knows_remote or bool(self._client.isInRemoteControl())

    def stop_program(self) -> None:
        """Stop a paused program so that it cannot be resumed into its old motion."""
        if self._client.programState().split(" ")[0] != "STOPPED":
            self._client.stop()

    def unlock_protective_stop(self) -> str:
        """Release a protective stop and return what the robot answered, for the operator."""
        try:
            self._client.closeSafetyPopup()
            self._client.unlockProtectiveStop()
        except RuntimeError as error:
            return f"the protective stop is still there: {error}"
        return "protective stop released"

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
