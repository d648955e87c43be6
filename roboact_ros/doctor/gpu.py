"""The graphics processor, where a policy wants one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.finding import Finding, fail, ok, warn

MEMORY_BYTES = 4 * 2**30
"""Free memory that most shipped kinds of policy need in half precision, with room to work."""
CLAP_BYTES = 12 * 2**30
"""The same of CLAP at its released size, whose weights alone are 9 GiB."""

_DRIVER = Path("/proc/driver/nvidia/version")


def check_gpu(cell: Cell) -> Iterator[Finding]:
    """Ask PyTorch, if the cell has a policy."""
    if cell.policy.kind == "none":
        yield ok("GPU", "not needed: the cell has no policy")
        return
    if cell.policy.kind == "clap_remote":
        yield ok("GPU", f"not needed: the policy runs at {cell.policy.remote.server}")
        return
    import torch

    from roboact_ros.errors import PolicyError
    from roboact_ros.policies.clip_step import torch_device

    if not torch.cuda.is_available():
        found, advice = _unseen(torch.__version__, torch.version.cuda)
        if cell.policy.device not in ("auto", "cpu"):
            yield fail("GPU", f"{found}, and policy.device is {cell.policy.device}", f"{advice}; policy.device:=auto")
        else:
            yield warn("GPU", f"{found}: the policy will think on the processor, slowly", advice)
        return
    try:
        device = torch_device(cell.policy.device)
    except PolicyError as error:
        yield fail("GPU", f"policy.device: {error}", "policy.device:=auto")
        return
    if device.type != "cuda":
        yield warn("GPU", "not used: policy.device is cpu, and the policy will think slowly", "policy.device:=auto")
        return
    free, total = torch.cuda.mem_get_info(device)
    about = f"{torch.cuda.get_device_name(device)}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    needed = CLAP_BYTES if cell.policy.kind in ("clap", "clap_ntp") else MEMORY_BYTES
    if free < needed:
        wanted = f"the largest {cell.policy.kind} wants {needed / 2**30:.0f}"
        yield warn("GPU", f"{about}; {wanted}", "end what else uses it (nvidia-smi)")
    else:
        yield ok("GPU", about)


def _unseen(version: str, built_for: str | None) -> tuple[str, str]:
    """Return why PyTorch may see no GPU, and what to do.

    Args:
        version: Of PyTorch.
        built_for: The version of CUDA that it was built for; None: for none.
    """
    if not _DRIVER.is_file():
        return "there is no NVIDIA driver", "install the NVIDIA driver, or run the policy on another machine"
    if built_for is None:
        return f"PyTorch {version} is built without CUDA", "install a CUDA build of torch"
    # The names of the module differ, the version follows them: "Kernel Module  535.104.05  Sat Aug 19 …".
    driver = re.search(r"\s(\d+(?:\.\d+)+)\s", _DRIVER.read_text())
    return (
        f"PyTorch {version}, built for CUDA {built_for}, sees none with NVIDIA driver {driver[1] if driver else '?'}",
        f"nvidia-smi tells up to which CUDA the driver goes: below {built_for} it is too old; install a newer one, or "
        "a build of torch for that CUDA",
    )
