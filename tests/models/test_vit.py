"""ViT equals transformers' ViT, patches are what they should be, wrong ones show."""

import copy

import pytest
import torch
import transformers
from models import parity
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from utils.models.vit import (
    VIT_B_16,
    VIT_B_32,
    PatchEmbedding,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)
from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.pretrained import Unsupported, from_hf
from utils.pretrained.hugging_face import supported

HEIGHT, WIDTH, ROWS, COLUMNS, CHANNELS = 8, 15, 4, 5, 3  # 2 × 3 patches

CONFIG = transformers.ViTConfig(
    image_size=(HEIGHT, WIDTH),
    patch_size=(ROWS, COLUMNS),
    num_channels=CHANNELS,
    hidden_size=30,
    num_hidden_layers=3,
    num_attention_heads=5,
    intermediate_size=41,
    num_labels=7,
)
CLASSES = {
    "ViTModel": transformers.ViTModel,
    "ViTForImageClassification": transformers.ViTForImageClassification,
}


@pytest.fixture
def inputs():
    torch.manual_seed(3)
    shape = (parity.BATCH, CHANNELS, HEIGHT, WIDTH)
    return {"pixel_values": torch.randn(shape, dtype=torch.float64)}


@pytest.mark.parametrize("name", CLASSES)
def test_equals_transformers(name, inputs):
    # Its plain attention, the one that gives weights, computes softmax in float32.
    parity.assert_equal(CLASSES[name], CONFIG, inputs, attentions=False)
    parity.assert_equal(CLASSES[name], CONFIG, inputs, atol=1e-5)


def test_a_square_image_of_one_channel():
    """Sizes as one number, unusual everything else, labels of another number."""
    config = transformers.ViTConfig(
        image_size=12,
        patch_size=2,
        num_channels=1,
        hidden_size=21,
        num_hidden_layers=1,
        num_attention_heads=3,
        intermediate_size=5,
        hidden_act="gelu_new",
        layer_norm_eps=1e-6,
        num_labels=2,
    )
    inputs = {"pixel_values": torch.randn(3, 1, 12, 12).double()}
    hf_class = transformers.ViTForImageClassification
    parity.assert_equal(hf_class, config, inputs, attentions=False)


@pytest.mark.parametrize("name", CLASSES)
def test_files_have_other_names(name, inputs, tmp_path):
    """Both maps invert; a file may have either names, and a pooler that none reads."""
    theirs = parity.make(CLASSES[name], CONFIG, randomised=True)
    theirs.save_pretrained(tmp_path)
    in_memory, file = theirs.state_dict(), tmp_path / "model.safetensors"
    in_file = load_file(file)
    assert any("attention.attention.query" in key for key in in_file)
    assert not any("attention.attention.query" in key for key in in_memory)

    entry = supported(name)
    ours = entry.keys.apply(in_memory)
    assert ours.keys() == from_hf(theirs).state_dict().keys()
    for keys, state in ((entry.keys, in_memory), (entry.file_keys, in_file)):
        found, back = keys.apply(state), keys.invert(ours)
        assert found.keys() == ours.keys() and back.keys() == state.keys()
        assert all(torch.equal(found[key], ours[key]) for key in ours)
        assert all(torch.equal(back[key], state[key]) for key in state)

    expected = parity.run(theirs, inputs).to_tuple()[0]
    extra = {}
    if name == "ViTForImageClassification":
        extra = {"vit.pooler.dense.weight": torch.zeros(30, 30)}
    save_file(in_memory | extra, file)
    got = parity.run(from_hf(tmp_path), inputs)
    got = got.last_hidden_state if name == "ViTModel" else got.logits
    assert (expected - got).abs().max() < 1e-10


# Patches.


def by_reshape(x):
    """(batch, channels, height, width) -> (batch, patches, channels · rows · cols)."""
    x = x.unflatten(3, (-1, COLUMNS)).unflatten(2, (-1, ROWS))
    return x.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def by_unfold(x):
    return F.unfold(x, (ROWS, COLUMNS), stride=(ROWS, COLUMNS)).transpose(1, 2)


WRONG_PATCHES = {
    "plain reshape": lambda x: x.reshape(len(x), -1, CHANNELS * ROWS * COLUMNS),
    "columns of patches first": lambda x: (
        x.unflatten(3, (-1, COLUMNS))
        .unflatten(2, (-1, ROWS))
        .permute(0, 4, 2, 1, 3, 5)
        .flatten(3)
        .flatten(1, 2)
    ),
    "(row, column, channel)": lambda x: (
        x.unflatten(3, (-1, COLUMNS))
        .unflatten(2, (-1, ROWS))
        .permute(0, 2, 4, 3, 5, 1)
        .flatten(3)
        .flatten(1, 2)
    ),
    "(channel, column, row)": lambda x: (
        x.unflatten(3, (-1, COLUMNS))
        .unflatten(2, (-1, ROWS))
        .permute(0, 2, 4, 1, 5, 3)
        .flatten(3)
        .flatten(1, 2)
    ),
    "unfold without transpose": lambda x: F.unfold(
        x, (ROWS, COLUMNS), stride=(ROWS, COLUMNS)
    ).reshape(len(x), -1, CHANNELS * ROWS * COLUMNS),
}


@pytest.fixture
def embedding():
    torch.manual_seed(4)
    made = PatchEmbedding((HEIGHT, WIDTH), (ROWS, COLUMNS), CHANNELS, 30).double()
    with torch.no_grad():
        made.cls_token.normal_()
        made.positions.normal_()
    return made


def linear(embedding, patches):
    """What the embedding should be, of patches as vectors."""
    projection = embedding.projection
    x = F.linear(patches, projection.weight.flatten(1), projection.bias)
    x = torch.cat([embedding.cls_token.expand(len(x), 1, -1), x], 1)
    return x + embedding.positions


@pytest.mark.parametrize("cut", [by_reshape, by_unfold])
def test_a_convolution_is_one_linear_layer_for_all_patches(cut, embedding, inputs):
    patches = cut(inputs["pixel_values"])
    assert patches.shape == (parity.BATCH, 6, CHANNELS * ROWS * COLUMNS)
    expected = linear(embedding, patches)
    assert (embedding(inputs["pixel_values"]) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("name", WRONG_PATCHES)
def test_wrong_patches_are_caught(name, embedding, inputs):
    expected = linear(embedding, WRONG_PATCHES[name](inputs["pixel_values"]))
    assert (embedding(inputs["pixel_values"]) - expected).abs().max() > 0.1


def test_each_patch_sees_its_own_pixels_only(embedding, inputs):
    x = inputs["pixel_values"]
    changed = x.clone()
    changed[:, :, ROWS:, COLUMNS : 2 * COLUMNS] += 1  # second row, second column
    moved = (embedding(changed) - embedding(x)).abs().amax((0, 2)) > 0
    assert moved.nonzero().flatten().tolist() == [1 + 3 + 1]


# Wrong models.


def cls_at_the_end(model):
    forward = model.backbone.embeddings.forward
    model.backbone.embeddings.forward = lambda x: forward(x).roll(-1, dims=1)


def no_cls(model):
    model.backbone.embeddings.cls_token.data.zero_()


def positions_moved(model):
    positions = model.backbone.embeddings.positions
    positions.data = positions.data.roll(1, 1)


def columns_first(model):
    projection = model.backbone.embeddings.projection
    forward = projection.forward

    def wrong(x):
        x = forward(x)
        return x.transpose(2, 3).reshape(x.shape)

    projection.forward = wrong


def flipped_kernel(model):
    weight = model.backbone.embeddings.projection.weight
    weight.data = weight.data.flip(-1)


def mean_over_patches(model):
    model.backbone.norm.register_forward_hook(
        lambda module, args, output: output.mean(1, keepdim=True).expand_as(output)
    )


def no_last_norm(model):
    model.backbone.norm = nn.Identity()


def test_wrong_models_are_caught(inputs):
    parity.assert_caught(
        transformers.ViTForImageClassification,
        CONFIG,
        inputs,
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the patches": parity.zero_("projection.bias"),
            "no bias in the feed-forward": parity.zero_("fc2.bias"),
            "no bias on the logits": parity.zero_("head.out_proj.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "no last norm": no_last_norm,
            "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
            "eps 1e-6, timm's": parity.set_(nn.LayerNorm, eps=1e-6),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "scale by the width": parity.set_(SelfAttention, scale=30**-0.5),
            "no positions": parity.zero_("embeddings.positions"),
            "positions moved": positions_moved,
            "[CLS] at the end": cls_at_the_end,
            "no [CLS] vector": no_cls,
            "patches column by column": columns_first,
            "patches mirrored": flipped_kernel,
            "mean instead of [CLS]": mean_over_patches,
        },
    )


def test_a_wrong_pooler_is_caught(inputs):
    def last_patch(model):
        forward = model.pooler.forward
        model.pooler.forward = lambda hidden: forward(hidden.flip(1))

    wrong = {"last patch": last_patch, "no bias": parity.zero_("pooler.dense.bias")}
    parity.assert_caught(transformers.ViTModel, CONFIG, inputs, wrong)


# Sizes.


@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (ViTForImageClassification, VIT_B_16, 86_567_656),
        (ViTForImageClassification, VIT_B_32, 88_224_232),
        (ViTModel, VIT_B_16, 86_389_248),
    ],
)
def test_published_sizes(model, config, count):
    assert parity.count(lambda: model(config)) == count


def test_the_patches_of_the_published_sizes():
    for config, vectors in ((VIT_B_16, 1 + 14 * 14), (VIT_B_32, 1 + 7 * 7)):
        with torch.device("meta"):
            made = ViTModel(config).embeddings
            assert made(torch.empty(2, 3, 224, 224)).shape == (2, vectors, 768)


def test_bad_input_says_what_is_wrong(inputs):
    model = from_hf(parity.make(transformers.ViTModel, CONFIG, randomised=True))
    images = inputs["pixel_values"]
    for wrong in (images.mT, images[0], images[:, :1], images[..., :-1]):
        expected = r"3 channels of 8 × 15 pixels, was \(" + str(wrong.shape[0])
        with pytest.raises(ValueError, match=expected):
            model(pixel_values=wrong)
    with pytest.raises(TypeError, match="floating-point.*was torch.uint8"):
        model(pixel_values=torch.zeros_like(images, dtype=torch.uint8))
    with pytest.raises(ValueError, match="16 × 16 pixels don't divide.*230 × 224"):
        ViTModel(ViTConfig(image=(230, 224)))
    with pytest.raises(ValueError, match="7 heads don't divide a width of 768"):
        ViTModel(ViTConfig(heads=7))


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("qkv_bias", False, "qkv_bias=False"),
        ("pooler_act", "relu", "pooler_act='relu'"),
        ("pooler_output_size", 8, "pooler_output_size=8"),
        ("image_size", 17, "image_size 17 × 17 with patch_size 4 × 5"),
        ("hidden_act", "silu", "no activation 'silu'"),
    ],
)
def test_other_configurations_are_refused(attribute, value, message):
    config = copy.deepcopy(CONFIG)
    setattr(config, attribute, value)
    with pytest.raises(Unsupported, match=message):
        from_hf(transformers.ViTModel(config))


def test_pixels_take_the_type_of_the_weights(inputs):
    """As in transformers: float32 pixels go into a model of another type."""
    model = from_hf(parity.make(transformers.ViTModel, CONFIG, randomised=True))
    found = parity.run(model, {"pixel_values": inputs["pixel_values"].float()})
    assert found.last_hidden_state.dtype == torch.float64
