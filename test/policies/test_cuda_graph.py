"""Recording graphs; a CUDA that only notes what is done on which stream stands for the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from roboact_ros.policies.nets import cuda_graph


class Stream:
    """Waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def wait_stream(self, other: Stream) -> None:
        pass


def test_graphs_of_a_device_share_a_stream_to_warm_up_and_one_to_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """CuBLAS keeps memory for each stream that it has met, so new ones for each graph would leak."""
    used: list[Stream] = []

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        under_way.append(stream)
        yield
        under_way.pop()

    def work() -> torch.Tensor:
        used.append(under_way[-1])
        return torch.ones(1)

    device, other = torch.device("cuda", 0), torch.device("cuda", 1)
    under_way = [Stream(device)]
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: under_way[-1])
    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph, stream, capture_error_mode: on(stream))
    cuda_graph._streams.cache_clear()
    for _ in range(2):
        cuda_graph.recorded(work, device)
    warm, recording = used[0], used[3]
    assert used == [*[warm] * 3, recording] * 2 and len({warm, recording, *under_way}) == 3
    cuda_graph.recorded(work, other)
    assert {stream.device for stream in used[8:]} == {other}
    cuda_graph._streams.cache_clear()
