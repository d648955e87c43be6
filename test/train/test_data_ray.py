"""What is spread with Ray Data is the same as what one process makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from data_bags import samples
from rh20t_layout import by_rules, every_kind

from roboact_train.data.clip_rt_raw import write_dataset
from roboact_train.data.pipeline import write_shards, write_shards_with_ray
from roboact_train.data.shards import read_shard, shard_files
from roboact_train.data.sources import find_sources
from roboact_train.roboact_clip.dataset import read_dataset


@pytest.fixture(scope="module", autouse=True)
def ray_on_this_machine() -> Iterator[None]:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, object_store_memory=80_000_000, include_dashboard=False, _node_ip_address="127.0.0.1")
    yield
    ray.shutdown()


def test_ray_makes_the_same_shards(tmp_path: Path) -> None:
    write_dataset(tmp_path / "raw", [samples(3, "a"), samples(4, "b"), samples(2, "c")])
    sources = find_sources([tmp_path / "raw"])
    for name in ("here", "ray"):
        (tmp_path / name).mkdir()
    here = list(write_shards(tmp_path / "here", sources, episodes_per_shard=2))
    spread = list(write_shards_with_ray(tmp_path / "ray", sources, episodes_per_shard=2))
    assert sorted(spread, key=lambda report: report.shard) == here
    for shard in shard_files(tmp_path / "here"):
        assert (tmp_path / "ray" / shard.name).read_bytes() == shard.read_bytes()
    assert [len(list(read_shard(shard))) for shard in shard_files(tmp_path / "ray")] == [7, 2]
    next((tmp_path / "raw").glob("*/*/*.png")).unlink()
    with pytest.raises(Exception, match=r"its image .*\.png is missing"):
        list(write_shards_with_ray(tmp_path / "ray", sources))


def test_ray_finds_the_same_videos(tmp_path: Path) -> None:
    rh20t = every_kind(tmp_path / "RH20T")
    assert by_rules(rh20t, tmp_path / "ray", with_ray=True) == by_rules(rh20t, tmp_path / "here")
    assert read_dataset(tmp_path / "ray") == read_dataset(tmp_path / "here")
