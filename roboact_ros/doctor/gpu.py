"""The graphics processor, where a policy wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.finding import Finding, fail, ok, warn

MEMORY_BYTES = 4 * 2**30
"""Free memory that the largest shipped kind of policy needs in half precision, with room to work."""


def check_gpu(cell: Cell) -> Iterator[Finding]:
    """Ask PyTorch, if the cell has a policy."""
    driver = Path("/proc/driver/nvidia/version").is_file()
    if cell.policy.kind == "none":
        yield ok("GPU", "not needed: the cell has no policy")
        return
    if cell.policy.kind == "clap_remote":
        yield ok("GPU", f"not needed: the policy runs at {cell.policy.remote.server}")
        return
    import torch

    if not torch.cuda.is_available():
        found = "PyTorch sees none" + ("" if driver else "; there is no NVIDIA driver")
        advice = (
            "nvidia-smi tells whether the driver works; install a CUDA build of torch"
            if driver
            else ("install the NVIDIA driver, or run the policy on another machine")
        )
        if cell.policy.device not in ("auto", "cpu"):
            yield fail("GPU", f"{found}, and policy.device is {cell.policy.device}", f"{advice}; policy.device:=auto")
        else:
            yield warn("GPU", f"{found}: the policy will think on the processor, slowly", advice)
        return
    free, total = torch.cuda.mem_get_info()
    about = f"{torch.cuda.get_device_name()}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    if free < MEMORY_BYTES:
        yield warn("GPU", about, "end what else uses it (nvidia-smi)")
    else:
        yield ok("GPU", about)
