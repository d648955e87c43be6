"""CLIP models small enough to make anew in every test, from a folder as open_clip reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.types import ImageArray

VISION = {"image_size": 32, "layers": 3, "width": 64, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}


def tiny_model(folder: Path, vision: dict[str, Any] | None = None, **settings: Any) -> str:
    """Write the description of a model below ``folder`` and return its name."""
    preprocess = settings.pop("preprocess", {})
    folder.mkdir(parents=True, exist_ok=True)
    model = {"embed_dim": 24, "quick_gelu": True, "vision_cfg": VISION | (vision or {}), "text_cfg": TEXT, **settings}
    content = {"model_cfg": model, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(content))
    return f"local-dir:{folder}"


def picture(height: int, width: int, seed: int = 0) -> ImageArray:
    """An image with coarse and fine structure."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (5.0 + 3 * c)) + np.cos(y / (4.0 + c)) for c in range(3)]
    return np.clip(128 + 50 * np.stack(waves, -1) + random.normal(0, 12, (height, width, 3)), 0, 255).astype(np.uint8)
