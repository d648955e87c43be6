"""The answers of a language model with random weights are legal, and those that it finds the best."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from tiny_ntp import tiny_base
from tiny_qwen import COLUMNS, ROWS, tiny_pixels

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.nets.clap.action_words import add_action_words
from roboact_ros.policies.nets.clap.answer import AnswerWords, begin_answer, codes_of_arms, codes_to_say
from roboact_ros.policies.nets.clap.speaking_vlm import SpeakingVlm
from roboact_ros.policies.nets.clap.vlm_input import PromptWords

CODES = 16


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, PromptWords, AnswerWords]:
    from transformers import Qwen3VLForConditionalGeneration

    folder = tiny_base(tmp_path_factory.mktemp("qwen"))
    prompts = PromptWords(folder)
    add_action_words(prompts.tokenizer, CODES, "test")
    qwen = Qwen3VLForConditionalGeneration.from_pretrained(folder)
    qwen.resize_token_embeddings(len(qwen.lm_head.weight) + CODES + 1, mean_resizing=False)
    torch.manual_seed(3)
    for name, weights in qwen.named_parameters():
        if weights.dim() > 1 and "pos_embed" not in name:
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5)
    return qwen.eval().requires_grad_(False), prompts, AnswerWords(prompts.tokenizer, CODES, "test")


@pytest.mark.parametrize(("layout", "count"), [(ArmLayout.DUAL, 6), (ArmLayout.SINGLE_RIGHT, 3)])
def test_answers_are_legal_and_the_best_that_transformers_knows(
    model: tuple[Any, PromptWords, AnswerWords], layout: ArmLayout, count: int
) -> None:
    qwen, prompts, words = model
    vlm, longest = SpeakingVlm(qwen), 5
    ids, pixels = prompts("lift the cup", "ur5e", 2, ROWS * COLUMNS // 4), tiny_pixels()
    answer = vlm.answer(pixels, vlm.prompt(ids, ROWS, COLUMNS), begin_answer(words, layout, 3, longest))
    assert answer.whole and answer.codes is not None and len(answer.codes) == count
    assert 1 <= len(answer.said) <= longest and all(0 <= code < CODES for code in answer.codes)
    text = prompts.tokenizer.decode(list(answer.said), skip_special_tokens=False)
    assert text.endswith("\n") and text.count("\n") == 1
    assert codes_to_say(codes_of_arms(torch.tensor(answer.codes), layout)).tolist() == list(answer.codes)

    spoken = [words.actions.first + code for code in answer.codes]
    whole = torch.cat((ids, torch.tensor([*words.head, *answer.said, *words.action, *spoken])))[None]
    image = qwen.config.image_token_id
    scores = qwen(
        input_ids=whole,
        attention_mask=torch.ones_like(whole),
        pixel_values=pixels,
        image_grid_thw=torch.tensor([[1, ROWS, COLUMNS]] * 2),
        mm_token_type_ids=(whole == image).int(),
        use_cache=False,
    ).logits[0]
    state, place = begin_answer(words, layout, 3, longest), len(ids) - 1
    while not state.whole:
        place += len(state.forced)
        state = state.forced_passed()
        allowed = state.allowed
        numbers = torch.arange(allowed.start, allowed.stop) if isinstance(allowed, slice) else allowed
        best = int(numbers[scores[place][numbers].argmax()])
        place += 1
        assert best == int(whole[0, place])
        state = state.after(best)
    assert state.codes == answer.codes


def test_what_is_not_legal_cannot_be_said(model: tuple[Any, PromptWords, AnswerWords]) -> None:
    _, prompts, words = model
    state = begin_answer(words, ArmLayout.SINGLE_RIGHT, 2, longest=3)
    line = prompts.tokenizer.token_to_id("Ċ")
    end, act = prompts.tokenizer.token_to_id("<|im_end|>"), words.actions.first
    with pytest.raises(PolicyError, match="may not come here"):
        state.after(line)  # before the head
    state = state.forced_passed()
    for wrong in (end, act, words.actions.pad):
        with pytest.raises(PolicyError, match=f"token {wrong} may not come here"):
            state.after(wrong)
    letter = prompts.tokenizer.token_to_id("a")
    state = state.after(letter).after(letter)
    with pytest.raises(PolicyError, match="may not come here"):
        state.after(letter)  # it is time to end
    state = state.after(line)
    assert prompts.tokenizer.decode(list(state.forced)) == "Action: "
    state = state.forced_passed()
    for wrong in (letter, line, end, act + CODES):
        with pytest.raises(PolicyError, match="may not come here"):
            state.after(wrong)
    state = state.after(act + 15).after(act)
    assert state.whole and state.codes == (15, 0)
    assert words.subtask(state.said) == "aa"
    with pytest.raises(PolicyError, match="may not come here"):
        state.after(act)


def test_answers_in_the_released_form(model: tuple[Any, PromptWords, AnswerWords]) -> None:
    _, prompts, words = model

    def text(subtask: str, codes: list[int], single: bool) -> str:
        ids = words.ids(subtask, codes, single)
        assert ids == prompts.tokenizer.encode(said := prompts.tokenizer.decode(ids, skip_special_tokens=False)).ids
        return said

    assert text("lift  it\n", [3, 4], False) == "Subtask: lift it\nAction: <ACT_3><ACT_4><|im_end|>\n"
    assert text("", [0], True) == "Subtask: \nAction: <ACT_0><ACT_PAD><|im_end|>\n"


def test_damaged_weights_say_nothing(model: tuple[Any, PromptWords, AnswerWords]) -> None:
    qwen, prompts, words = model
    damaged = copy.deepcopy(qwen)
    damaged.model.language_model.norm.weight.data.fill_(float("nan"))
    vlm, ids = SpeakingVlm(damaged), prompts("lift", "ur5e", 2, ROWS * COLUMNS // 4)
    with pytest.raises(PolicyError, match="its weights are damaged"):
        vlm.answer(tiny_pixels(), vlm.prompt(ids, ROWS, COLUMNS), begin_answer(words, ArmLayout.SINGLE_RIGHT, 3))
