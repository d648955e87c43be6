"""What a Qwen3-VL of CLAP is given: patches of images, and the words of its prompt as numbers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.errors import PolicyError

_IMAGE = "<|vision_start|>{tokens}<|vision_end|>"
_IMAGE_TOKEN = "<|image_pad|>"
_PROMPT = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\n{images}Robot category: {robot}\n"
    "Control the robot to do the task: {instruction}\n"
    "Please output the subtask and the action tokens.<|im_end|>\n"
    "<|im_start|>assistant\n"
)
_TWICE = 2
"""The tower sees pairs of video frames; an image is both."""


@dataclass(frozen=True, slots=True)
class ImageRule:
    """How images become patches; the default is that of Qwen3-VL.

    Attributes:
        patch: Side of a patch [pixels].
        merge: Side of the squares of patches that become a token.
        least: Images with fewer pixels are enlarged.
        most: Images with more pixels are made smaller.
    """

    patch: int = 16
    merge: int = 2
    least: int = 65_536
    most: int = 16_777_216

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of patches of images of a size [pixels].

        Raises:
            PolicyError: They are far from square.
        """
        if not 1 / 200 <= height / max(width, 1) <= 200:
            raise PolicyError(f"an image of {width} x {height} pixels is too far from square")
        side = self.patch * self.merge
        rows, columns = round(height / side), round(width / side)
        if rows * columns * side**2 > self.most:
            scale = math.sqrt(height * width / self.most) * side
            rows, columns = max(1, math.floor(height / scale)), max(1, math.floor(width / scale))
        elif rows * columns * side**2 < self.least:
            scale = math.sqrt(self.least / (height * width)) / side
            rows, columns = math.ceil(height * scale), math.ceil(width * scale)
        return rows * self.merge, columns * self.merge

    def patches(self, images: Tensor, device: torch.device) -> Tensor:
        """Return the (images * rows * columns, values) normalised patches on a device.

        Args:
            images: (images, height, width, 3) uint8, not on a device: there bytes are resized with limits and rounding
                after each direction, as in training.
            device: Where the patches should be.
        """
        rows, columns = self.grid(*images.shape[1:3])
        size = (rows * self.patch, columns * self.patch)
        levels = images.movedim(-1, 1)
        if levels.shape[-2:] != size:
            levels = functional.interpolate(levels, size, mode="bicubic", antialias=True, align_corners=False)
        pixels = levels.to(device).float() / 127.5 - 1.0
        merged = pixels.reshape(
            *(len(images), 3, rows // self.merge, self.merge, self.patch),
            *(columns // self.merge, self.merge, self.patch),
        )
        ordered = merged.permute(0, 2, 5, 3, 6, 1, 4, 7)[..., None, :, :]
        frames = ordered.expand(*ordered.shape[:6], _TWICE, *ordered.shape[7:])
        return frames.reshape(len(images) * rows * columns, -1)


def read_image_rule(base: Path) -> ImageRule:
    """Read the rule from the ``preprocessor_config.json`` of a language model's folder.

    Raises:
        PolicyError: It cannot be read, or normalises in another way.
    """
    path = base / "preprocessor_config.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        size = known.get("size") or {}
        least = size.get("shortest_edge") or known["min_pixels"]
        most = size.get("longest_edge") or known["max_pixels"]
        rule = ImageRule(int(known["patch_size"]), int(known["merge_size"]), int(least), int(most))
        normal = (known["image_mean"], known["image_std"], known.get("temporal_patch_size", _TWICE))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyError(f"{path} does not say how images are prepared: {error!r}") from error
    if normal != ([0.5] * 3, [0.5] * 3, _TWICE):
        raise PolicyError(f"{path}: images of Qwen3-VL are normalised by 0.5 and 0.5 and seen twice, not {normal}")
    return rule


class PromptWords:
    """Turns instructions into the numbers of tokens.

    Args:
        base: Folder of the language model, with its ``tokenizer.json``.

    Attributes:
        tokenizer: As in the file.

    Raises:
        PolicyError: There is no tokenizer, or it does not know the marks of a prompt.
    """

    def __init__(self, base: Path) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise PolicyError(f"CLAP needs tokenizers: pip install 'roboact_ros[clap]' ({error})") from error
        path = base / "tokenizer.json"
        if not path.is_file():
            raise PolicyError(f'"{path}" is not there; it belongs to the language model that the run began with')
        self.tokenizer = Tokenizer.from_file(str(path))
        marks = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", _IMAGE_TOKEN)
        if unknown := [mark for mark in marks if self.tokenizer.token_to_id(mark) is None]:
            raise PolicyError(f"{path} is the tokenizer of another model: it does not know {', '.join(unknown)}")

    def __call__(self, instruction: str, robot: str, images: int, tokens: int) -> Tensor:
        """Return the (tokens,) numbers of a prompt.

        Args:
            instruction: The task.
            robot: ``robot_type`` of the data.
            images: How many images come first.
            tokens: Of each.
        """
        image = _IMAGE.format(tokens=_IMAGE_TOKEN * tokens)
        text = _PROMPT.format(images=image * images, robot=robot, instruction=instruction)
        return torch.tensor(self.tokenizer.encode(text, add_special_tokens=False).ids)
