from glob import glob

from setuptools import find_packages, setup

NAME = "roboact_ros"
NODES = (
    *("camera_node", "policy_node", "teleop_node", "executor_node", "recorder_node", "console_node", "speech_node"),
    "sim_node",
)


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """Map every file below ``folder`` to its place in the share directory, hidden marker included."""
    files: dict[str, list[str]] = {}
    for path in (f"{folder}/.roboact", *glob(f"{folder}/**/*.*", recursive=True)):
        files.setdefault(path.rpartition("/")[0], []).append(path)
    return [(f"share/{NAME}/{parent}", paths) for parent, paths in files.items()]


setup(
    name=NAME,
    version="0.1.0",
    description="Teach and run a real robot arm by talking to it, on ROS 2",
    author="roboact_ros maintainers",
    author_email="maintainers@roboact.dev",
    maintainer="roboact_ros maintainers",
    maintainer_email="maintainers@roboact.dev",
    license="Apache-2.0",
    packages=find_packages(include=["roboact_ros", "roboact_ros.*", "roboact_train", "roboact_train.*"]),
    package_data={"roboact_ros": ["py.typed", "console/page/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *shared("config"),
        *shared("launch"),
        *shared("models"),
    ],
    python_requires=">=3.10",
    install_requires=[
        "numpy",
        "numba>=0.60",
        "scipy",
        "pyyaml",
        "pydantic>=2",
        "opencv-python-headless",
        "prompt_toolkit",
        "ruckig>=0.19",
        "ur-rtde",
        "rosbags",
        "mujoco>=3.4",
        "safetensors",
        "tqdm",
        "torch",
        "torchvision",
        "open_clip_torch",
    ],
    extras_require={
        # rclpy from wheels, for machines without a ROS installation (Python 3.11 and 3.12).
        "ros": [
            "ros-jazzy-rclpy",
            "ros-rclpy[fastrtps]",
            "ros-jazzy-std-msgs",
            "ros-jazzy-sensor-msgs",
            "ros-jazzy-geometry-msgs",
            "ros-jazzy-trajectory-msgs",
            "ros-jazzy-diagnostic-msgs",
            "ros-jazzy-std-srvs",
        ],
        # Later versions no longer play .bag recordings. Orbbec's pyorbbecsdk2 is no extra: see docs/cameras.md.
        "realsense": ["pyrealsense2>=2.55,<2.58"],
        "bench": ["eaik", "ur-analytic-ik", "pin>=3", "mcap", "mcap-ros2-support", "pillow"],
        "train": ["accelerate", "tensorboard", "pyarrow", "webdataset", "ray[data]"],
        "gym": ["gymnasium"],
        # Reads the URDF of arms that are not of Universal Robots (Pinocchio).
        "urdf": ["pin>=3"],
        "view": ["rerun-sdk"],
        # The client of a policy server, the language model of CLAP, and LoRA for it.
        "clap": ["websockets>=15", "msgpack", "transformers>=5", "peft>=0.19"],
        "console": ["aiohttp>=3.10"],
        # The microphone also needs PortAudio (Debian: libportaudio2).
        "speech": ["pocketsphinx>=5", "sounddevice"],
        "dev": [
            "pytest",
            "pytest-timeout",
            "hypothesis",
            "playwright",
            "psutil",
            "ruff",
            "mypy",
            "types-PyYAML",
            "types-psutil",
            "scipy-stubs",
            "colcon-common-extensions",
        ],
    },
    entry_points={
        "console_scripts": [
            "roboact = roboact_ros.cli:main",
            *(f"{node} = roboact_ros.nodes.{node}:main" for node in NODES),
        ]
    },
)
