"""Qwen3-VL and flow heads with random weights, and CLAP-RF's released procedure on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from roboact_ros.policies.nets.clap.flow_head import FlowHead

GRID = 16
"""Rows and columns of patches of an image: 224 x 224 pixels are made 256 x 256."""
_ATTENTION = 4.0
_BEFORE, _AFTER, _SUBTASK = 14, 45, 8
"""Words of a prompt before and after its images, and of a subtask."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of the language model and its eyes.

    Attributes:
        width: Of hidden states.
        heads: Of attention, and those of keys and values.
        head: Width of each.
        sections: Pairs of it that turn by time, row and column.
        hidden: Of feed-forward layers.
        eyes: Width, heads and feed-forward width of the vision tower.
    """

    width: int
    heads: tuple[int, int]
    head: int
    sections: tuple[int, int, int]
    hidden: int
    eyes: tuple[int, int, int]


SIZES = {
    # All widths are about a tenth of those of the full model; the depths and the vocabulary are the same.
    "small": Size(256, (6, 2), 64, (12, 10, 10), 976, (96, 2, 384)),
    "full": Size(2560, (32, 8), 128, (24, 20, 20), 9728, (1024, 16, 4096)),
}
LAYERS, EYE_LAYERS, DEPTHS = 36, 24, (5, 11, 17)
WORDS = 152_448
"""Those of Qwen3-VL and 512 actions."""


def language_model(size: Size, device: torch.device, dtype: torch.dtype) -> Any:
    """Return a ``Qwen3VLForConditionalGeneration`` with random weights, which attends the fastest way that is here."""
    import torch
    from transformers import AutoModelForImageTextToText, Qwen3VLConfig
    from transformers.utils import is_flash_attn_2_available

    special = WORDS - 8
    text = {
        "vocab_size": WORDS,
        "hidden_size": size.width,
        "intermediate_size": size.hidden,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": size.heads[0],
        "num_key_value_heads": size.heads[1],
        "head_dim": size.head,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": list(size.sections)},
    }
    eyes = {
        "depth": EYE_LAYERS,
        "hidden_size": size.eyes[0],
        "num_heads": size.eyes[1],
        "intermediate_size": size.eyes[2],
        "out_hidden_size": size.width,
        "deepstack_visual_indexes": list(DEPTHS),
    }
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    tokens = {name: special + number for number, name in enumerate(names)}
    config = Qwen3VLConfig(text_config=text, vision_config=eyes, tie_word_embeddings=True, **tokens)
    flash = device.type == "cuda" and is_flash_attn_2_available()
    attention = "flash_attention_2" if flash else "sdpa"
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(config, dtype=dtype, attn_implementation=attention)
    return model.eval().requires_grad_(False)


def flow_head(width: int, device: torch.device, dtype: torch.dtype) -> FlowHead:
    """Return a head of the released shape with random weights, which lets images change a chunk as much as noise does.

    As it comes, what it sees counts 3 % of that, and a chunk that is made blindly would look right.
    """
    import torch

    from roboact_ros.policies.clap.run_config import RELEASED_TAPS
    from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape

    with torch.device(device):
        head = FlowHead(FlowHeadShape(width=width, layers=len(RELEASED_TAPS))).to(dtype)
    head.eval().requires_grad_(False)
    for name, weights in head.named_parameters():
        if name.endswith(("attn1.to_v.weight", "attn1.to_out.0.weight")):
            weights.mul_(_ATTENTION)
    return head


def prompt_ids(model: Any, images: int) -> Tensor:
    """Return the (tokens,) numbers of as many words and image tokens as a prompt has."""
    import torch

    config = model.config
    image = [config.vision_start_token_id, *[config.image_token_id] * (GRID // 2) ** 2, config.vision_end_token_id]
    words = torch.randint(WORDS - 8, (_BEFORE + _AFTER,)).tolist()
    return torch.tensor([*words[:_BEFORE], *image * images, *words[_BEFORE:]])


def pixels_of(model: Any, images: int, device: torch.device) -> Tensor:
    """Return the patches of images of noise."""
    import torch

    eyes = model.config.vision_config
    values = eyes.in_channels * eyes.temporal_patch_size * eyes.patch_size**2
    return torch.randn(images * GRID**2, values, device=device)


class Answering:
    """A chunk of one arm as CLAP-NTP makes it, by the same parts: words of a subtask, then one code after the other."""

    def __init__(self, model: Any, ids: Tensor) -> None:
        from roboact_ros.policies.nets.clap.act_vae import ActVaeShape
        from roboact_ros.policies.nets.clap.speaking_vlm import SpeakingVlm

        self._vlm, shape = SpeakingVlm(model), ActVaeShape()
        self._prompt = self._vlm.prompt(ids, GRID, GRID)
        weights = self._vlm.lm_head.weight
        self._rows = [weights] * _SUBTASK + [weights[: shape.codes]] * shape.tokens

    def __call__(self, pixels: Tensor) -> int:
        """Return the last code."""
        import torch

        said, token = self._vlm.read(pixels, self._prompt), 0
        for number, rows in enumerate(self._rows):
            if number:
                self._vlm.go_on(said, (token,))
            with torch.no_grad():
                token = int(torch.nn.functional.linear(said.said, rows).argmax())
        return token


class Released:
    """All blocks and the language head run, and the head computes everything again at each of its four steps."""

    def __init__(self, model: Any, head: FlowHead, taps: tuple[int, ...], ids: Tensor) -> None:
        import torch

        device = next(model.parameters()).device
        self._model, self._head, self._taps = model, head, taps
        one = ids[None].to(device)
        self._words = {
            "input_ids": one,
            "attention_mask": torch.ones_like(one),
            "mm_token_type_ids": (one == model.config.image_token_id).int(),
        }
        self._idle = torch.randn(*one.shape, head.shape.width, device=device).to(model.lm_head.weight.dtype)

    def language_head(self) -> Tensor:
        """Do that part of a chunk which says what the next words are, on noise."""
        import torch

        with torch.no_grad():
            logits: Tensor = self._model.lm_head(self._idle)
        return logits

    def __call__(self, pixels: Tensor, noise: Tensor) -> Tensor:
        """Return (1, steps, columns) normalised actions."""
        import torch

        from roboact_ros.policies.nets.clap.hidden_states import hidden_states

        with torch.no_grad(), hidden_states(self._model) as seen:
            grid = torch.tensor([[1, GRID, GRID]] * (len(pixels) // GRID**2), device=pixels.device)
            self._model(pixel_values=pixels, image_grid_thw=grid, **self._words)
            hidden = [seen[tap] for tap in self._taps]
            return self._head.flowed(noise.to(hidden[0].dtype), hidden, self._words["attention_mask"])
