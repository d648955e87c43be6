import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from roboact_ros.errors import CameraError
from roboact_ros.robots import UR5E
from roboact_ros.sim.build import build_model
from roboact_ros.sim.renderer import Renderer, camera_names
from roboact_ros.sim.scene import COLOURS, Block, Contents, Scene
from roboact_ros.sim.world import World

PICTURE = """
import json, sys, hashlib
import numpy as np
from roboact_ros.sim.build import build_model
from roboact_ros.sim.renderer import Renderer
from roboact_ros.sim.scene import Scene
given = json.load(sys.stdin)
scene = Scene.from_mapping(given["scene"])
picture = Renderer(scene, 160, 120).render(np.array(given["qpos"]), "front")
model = build_model(scene)
arrays = [model.body_pos, model.body_quat, model.geom_size, model.cam_pos, model.mesh_vert, model.jnt_axis]
print(json.dumps([hashlib.sha256(a.tobytes()).hexdigest() for a in (picture, *arrays)]))
"""


def pixels_of(image: np.ndarray, colour: str) -> np.ndarray:
    """Rows and columns, (N, 2), of pixels with the hue of ``colour``."""
    wanted = np.array(COLOURS[colour]) / np.linalg.norm(COLOURS[colour])
    seen = image / np.maximum(np.linalg.norm(image, axis=2, keepdims=True), 60.0)
    return np.argwhere(seen @ wanted > 0.97)


def test_another_process_builds_the_same_model_and_picture() -> None:
    world = World([UR5E], seed=2)
    text = json.dumps({"scene": world.describe(), "qpos": world.qpos().tolist()})
    runs = [
        subprocess.run([sys.executable, "-c", PICTURE], input=text, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert json.loads(runs[0]) == json.loads(runs[1])
    assert build_model(world.scene).nq == len(world.qpos())


@pytest.mark.parametrize("colour", ["red", "green", "blue", "yellow"])
def test_every_block_is_seen_at_the_size_that_policies_use(colour: str) -> None:
    world = World([UR5E], contents=Contents(blocks=(Block(colour),), bowls=()))
    renderer = Renderer(world.scene, 224, 224)
    for seed in range(4):
        world.reset(seed)
        assert len(pixels_of(renderer.render(world.qpos(), "front"), colour)) > 25
    renderer.close()


def test_the_pinhole_model_says_where_a_block_is_drawn() -> None:
    world = World([UR5E], contents=Contents(blocks=(Block("red"),), bowls=(), drawers=(), boxes=()))
    world.place("red block", (0.55, -0.25))
    renderer = Renderer(world.scene, 640, 480)
    seen = pixels_of(renderer.render(world.qpos(), "overhead"), "red").mean(axis=0)[::-1]
    it = renderer.intrinsics("overhead")
    model = build_model(world.scene)
    camera = model.camera("overhead")
    rotation = Rotation.from_quat(camera.quat, scalar_first=True)
    top = world.pose_object_in_base("red block")[:3, 3] + [0, 0, 0.02]
    x, y, z = rotation.inv().apply(top - camera.pos)
    np.testing.assert_allclose(seen, [it.cx + it.fx * x / -z, it.cy - it.fy * y / -z], atol=2.5)
    renderer.close()


def test_cameras_and_states_of_another_scene_are_refused() -> None:
    world = World([UR5E])
    assert set(camera_names(world.scene)) == {"front", "overhead", "wrist"}
    renderer = Renderer(world.scene, 64, 48)
    with pytest.raises(CameraError, match='did you mean "front"'):
        renderer.render(world.qpos(), "frnt")
    with pytest.raises(CameraError, match="positions"):
        renderer.render(np.zeros(3), "front")
    renderer.close()
    renderer.close()
    assert Scene.from_mapping(world.describe()) == world.scene


def test_renderers_do_not_disturb_each_other() -> None:
    world = World([UR5E])
    first, second = Renderer(world.scene, 64, 48), Renderer(world.scene, 80, 60)
    picture = first.render(world.qpos(), "front")
    assert picture.std() > 10
    second.close()
    np.testing.assert_array_equal(first.render(world.qpos(), "front"), picture)
    first = Renderer(world.scene, 64, 48)
    np.testing.assert_array_equal(first.render(world.qpos(), "front"), picture)


def test_a_machine_that_cannot_draw_is_told_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "crayons")
    with pytest.raises(CameraError, match="crayons.*libegl1"):
        Renderer(World([UR5E]).scene, 64, 48)


def test_two_arms_cast_no_shadows_as_their_three_cameras_would_take_too_long_to_draw() -> None:
    lamps = [build_model(World([UR5E] * arms, seed=2).scene).light("lamp") for arms in (1, 2)]
    assert [bool(lamp.castshadow[0]) for lamp in lamps] == [True, False]
