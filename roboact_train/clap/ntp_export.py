"""A trained CLAP-NTP on disk: a folder of transformers, as released, with the Act-VAE and the statistics beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from roboact_ros.policies.clap.ntp_folder import STATISTICS, TOKENIZER
from roboact_ros.policies.clap.statistics import Quantiles, write_statistics
from roboact_ros.policies.manifest import MANIFEST
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_train.clap.ntp_base import NtpBase
from roboact_train.training.finished import whole_folder, write_manifest

_WEIGHTS = "model.safetensors"
_NOT_COPIED = (".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".ckpt")
_HEAD, _TABLE = "lm_head.weight", "model.language_model.embed_tokens.weight"


def write_ntp(
    folder: Path,
    base: NtpBase,
    tokenizer: ActionTokenizer,
    statistics: Iterable[Quantiles],
    dtype: torch.dtype,
    notes: Mapping[str, Any],
) -> None:
    """Write it in one step; an older one is replaced.

    Args:
        folder: Where.
        base: What was trained; files of its folder that say how it is used are copied as they are.
        tokenizer: The Act-VAE that its action tokens are codes of.
        statistics: What their actions are normalised with.
        dtype: Precision of the language model.
        notes: Of the manifest.

    Raises:
        ConfigurationError: The disk refused.
    """
    with whole_folder(folder) as unfinished:
        for file in sorted(base.folder.iterdir()):
            if file.is_file() and not file.name.endswith(_NOT_COPIED) and file.name not in (STATISTICS, MANIFEST):
                shutil.copyfile(file, unfinished / file.name)
        weights = base.weights()
        rows = len(weights[_HEAD])
        if weights[_HEAD].data_ptr() == weights[_TABLE].data_ptr():  # one table for what is read and what is said
            del weights[_HEAD]
        path = unfinished / _WEIGHTS
        whole = {name: value.detach().to("cpu", dtype).contiguous() for name, value in weights.items()}
        save_file(whole, path, metadata={"format": "pt"})
        _tell_of_words(unfinished, base, rows)
        state = {f"clap.{name}": value.cpu() for name, value in tokenizer.state_dict().items()}
        torch.save({"state_dict": state}, unfinished / TOKENIZER)
        write_statistics(unfinished / STATISTICS, statistics)
        write_manifest(path, sum(value.numel() for value in whole.values()), notes)


def _tell_of_words(folder: Path, base: NtpBase, rows: int) -> None:
    """Let the copied files know the action tokens; what else they say, whatever version wrote them, stays."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["vocab_size"] = rows
    _write(folder / "config.json", config)
    words = base.prompts.tokenizer
    words.save(str(folder / "tokenizer.json"))
    own = {words.id_to_token(number): number for number in base.answers.actions.numbers}
    about = folder / "tokenizer_config.json"
    if about.is_file():
        said = json.loads(about.read_text(encoding="utf-8"))
        if "added_tokens_decoder" in said:
            plain = dict.fromkeys(("lstrip", "normalized", "rstrip", "single_word", "special"), False)
            said["added_tokens_decoder"] |= {str(n): {"content": word, **plain} for word, n in own.items()}
            _write(about, said)
    added = folder / "added_tokens.json"
    if added.is_file():
        _write(added, json.loads(added.read_text(encoding="utf-8")) | own)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
