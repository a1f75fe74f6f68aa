"""The models that a ledger speaks of, built by transformers and by PyTorch."""

from __future__ import annotations

import re
from typing import Any

import torch
import transformers as hf
from torch import nn

from utils.ledger import dimensions

SPECIAL = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}


def build(name: str, *, device: str = "meta", **changes: Any) -> nn.Module:
    """The model of a name and changes, from other people's code."""
    m = dimensions(name, **changes)
    with torch.device(device):
        return BUILDERS[family(name)](m).eval()


def family(name: str) -> str:
    first = name.split("-")[0]
    first = {"tinybert": "bert", "minilm": "bert"}.get(first, first)
    return "deberta_v3" if name.startswith("deberta-v3") else first


def encoder_config(cls: type, m: dict, **more: Any) -> Any:
    return cls(
        vocab_size=m["vocabulary"],
        hidden_size=m["width"],
        num_hidden_layers=m["layers"],
        num_attention_heads=m["heads"],
        intermediate_size=m["inner_width"],
        tie_word_embeddings=m.get("tied", True),
        type_vocab_size=m.get("segments", 0),
        num_labels=m.get("classes") or 2,
        attn_implementation="eager",
        **SPECIAL,
        **more,
    )


def positioned(cls: type, m: dict, **more: Any) -> Any:
    return encoder_config(cls, m, max_position_embeddings=m["positions"], **more)


def bert(m: dict) -> nn.Module:
    config = positioned(hf.BertConfig, m)
    if m["next_sentence"]:
        return hf.BertForPreTraining(config)
    if m["classes"]:
        kind = "Sequence" if m["pooler"] else "Token"
        return getattr(hf, f"BertFor{kind}Classification")(config)
    if m["masked_lm"]:
        return hf.BertForMaskedLM(config)
    return hf.BertModel(config, add_pooling_layer=m["pooler"])


def roberta(m: dict) -> nn.Module:
    config = positioned(hf.RobertaConfig, m)
    if m["classes"]:
        return hf.RobertaForSequenceClassification(config)
    if m["masked_lm"]:
        return hf.RobertaForMaskedLM(config)
    return hf.RobertaModel(config, add_pooling_layer=m["pooler"])


def distilbert(m: dict) -> nn.Module:
    config = hf.DistilBertConfig(
        vocab_size=m["vocabulary"],
        dim=m["width"],
        n_layers=m["layers"],
        n_heads=m["heads"],
        hidden_dim=m["inner_width"],
        max_position_embeddings=m["positions"],
        tie_word_embeddings=m["tied"],
        num_labels=m["classes"] or 2,
        attn_implementation="eager",
    )
    if m["classes"]:
        return hf.DistilBertForSequenceClassification(config)
    return (hf.DistilBertForMaskedLM if m["masked_lm"] else hf.DistilBertModel)(config)


def albert(m: dict) -> nn.Module:
    config = positioned(
        hf.AlbertConfig,
        m,
        embedding_size=m["embedding_width"],
        num_hidden_groups=m["groups"],
    )
    if m["sentence_order"]:
        return hf.AlbertForPreTraining(config)
    if m["classes"]:
        return hf.AlbertForSequenceClassification(config)
    if m["masked_lm"]:
        return hf.AlbertForMaskedLM(config)
    return hf.AlbertModel(config, add_pooling_layer=m["pooler"])


def electra(m: dict) -> nn.Module:
    config = positioned(hf.ElectraConfig, m, embedding_size=m["embedding_width"])
    if m["discriminator"]:
        return hf.ElectraForPreTraining(config)
    if m["masked_lm"]:
        return hf.ElectraForMaskedLM(config)
    if m["classes"]:
        return hf.ElectraForSequenceClassification(config)
    return hf.ElectraModel(config)


def deberta(m: dict) -> nn.Module:
    wanted = {"c2p": m["content_to_position"], "p2c": m["position_to_content"]}
    config = encoder_config(
        hf.DebertaConfig,
        m,
        max_position_embeddings=m["max_distance"],
        relative_attention=True,
        position_biased_input=False,
        pos_att_type=[kind for kind, there in wanted.items() if there],
    )
    return (hf.DebertaForMaskedLM if m["masked_lm"] else hf.DebertaModel)(config)


def deberta_v3(m: dict) -> nn.Module:
    config = encoder_config(
        hf.DebertaV2Config,
        m,
        max_position_embeddings=2 * m["buckets"],
        position_buckets=m["buckets"],
        relative_attention=True,
        position_biased_input=False,
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        pos_att_type=["p2c", "c2p"],
    )
    return (hf.DebertaV2ForMaskedLM if m["masked_lm"] else hf.DebertaV2Model)(config)


def xlnet(m: dict) -> nn.Module:
    config = hf.XLNetConfig(
        vocab_size=m["vocabulary"],
        d_model=m["width"],
        n_layer=m["layers"],
        n_head=m["heads"],
        d_inner=m["inner_width"],
        tie_word_embeddings=m["tied"],
    )
    return (hf.XLNetLMHeadModel if m["lm_head"] else hf.XLNetModel)(config)


def gpt2(m: dict) -> nn.Module:
    config = hf.GPT2Config(
        vocab_size=m["vocabulary"],
        n_embd=m["width"],
        n_layer=m["layers"],
        n_head=m["heads"],
        n_inner=m["inner_width"],
        n_positions=m["positions"],
        tie_word_embeddings=m["tied"],
        attn_implementation="eager",
        **SPECIAL,
    )
    return (hf.GPT2LMHeadModel if m["lm_head"] else hf.GPT2Model)(config)


def gpt1(m: dict) -> nn.Module:
    config = hf.OpenAIGPTConfig(
        vocab_size=m["vocabulary"],
        n_embd=m["width"],
        n_layer=m["layers"],
        n_head=m["heads"],
        n_positions=m["positions"],
        tie_word_embeddings=m["tied"],
    )
    return (hf.OpenAIGPTLMHeadModel if m["lm_head"] else hf.OpenAIGPTModel)(config)


def bloom(m: dict) -> nn.Module:
    config = hf.BloomConfig(
        vocab_size=m["vocabulary"],
        hidden_size=m["width"],
        n_layer=m["layers"],
        n_head=m["heads"],
        tie_word_embeddings=m["tied"],
        **SPECIAL,
    )
    return (hf.BloomForCausalLM if m["lm_head"] else hf.BloomModel)(config)


def llama(m: dict) -> nn.Module:
    config = hf.LlamaConfig(
        vocab_size=m["vocabulary"],
        hidden_size=m["width"],
        num_hidden_layers=m["layers"],
        num_attention_heads=m["heads"],
        num_key_value_heads=m["key_value_heads"],
        head_dim=m["head_width"],
        intermediate_size=m["inner_width"],
        tie_word_embeddings=m["tied"],
        attention_bias=m["biases"],
        mlp_bias=m["biases"],
        attn_implementation="eager",
        **SPECIAL,
    )
    return (hf.LlamaForCausalLM if m["lm_head"] else hf.LlamaModel)(config)


def bart(m: dict, kind: str = "Bart") -> nn.Module:
    config = getattr(hf, f"{kind}Config")(
        vocab_size=m["vocabulary"],
        d_model=m["width"],
        encoder_layers=m["layers"],
        decoder_layers=m["decoder_layers"],
        encoder_attention_heads=m["heads"],
        decoder_attention_heads=m["heads"],
        encoder_ffn_dim=m["inner_width"],
        decoder_ffn_dim=m["inner_width"],
        max_position_embeddings=m["positions"],
        tie_word_embeddings=m["tied"],
        activation_function="relu" if m["relu"] else "gelu",
        attn_implementation="eager",
        decoder_start_token_id=0,
        forced_eos_token_id=0,
        **SPECIAL,
    )
    end = "ForConditionalGeneration" if m["lm_head"] else "Model"
    return getattr(hf, kind + end)(config)


def pegasus(m: dict) -> nn.Module:
    return bart(m, "Pegasus")


def t5(m: dict) -> nn.Module:
    config = hf.T5Config(
        vocab_size=m["vocabulary"],
        d_model=m["width"],
        d_kv=m["head_width"],
        d_ff=m["inner_width"],
        num_layers=m["layers"],
        num_decoder_layers=m["decoder_layers"],
        num_heads=m["heads"],
        relative_attention_num_buckets=m["buckets"],
        feed_forward_proj="gated-gelu" if m["gated"] else "relu",
        decoder_start_token_id=0,
        attn_implementation="eager",
        **SPECIAL,
    )
    model = (hf.T5ForConditionalGeneration if m["lm_head"] else hf.T5Model)(config)
    if m["lm_head"] and not m["tied"]:
        # Transformers 5.23 ties T5's head whatever the configuration says.
        model.lm_head.weight = nn.Parameter(model.shared.weight.detach().clone())
    return model


def vit(m: dict) -> nn.Module:
    config = hf.ViTConfig(
        hidden_size=m["width"],
        num_hidden_layers=m["layers"],
        num_attention_heads=m["heads"],
        intermediate_size=m["inner_width"],
        image_size=m["image"],
        patch_size=m["patch"],
        num_channels=m["channels"],
        num_labels=m["classes"] or 2,
        pooler_output_size=m["width"],
        attn_implementation="eager",
    )
    if m["classes"]:
        return hf.ViTForImageClassification(config)
    return hf.ViTModel(config, add_pooling_layer=m["pooler"])


class Transformer(nn.Module):
    """PyTorch's own, with the tables and the head that it leaves to the caller."""

    def __init__(self, m: dict):
        super().__init__()
        self.source = self.target = nn.Embedding(m["vocabulary"], m["width"])
        if not m["tied"]:
            self.target = nn.Embedding(m["vocabulary"], m["width"])
        if m["lm_head"]:
            self.lm_head = nn.Linear(m["width"], m["vocabulary"], bias=False)
        if m["lm_head"] and m["tied"]:
            self.lm_head.weight = self.source.weight
        self.transformer = nn.Transformer(
            m["width"],
            m["heads"],
            m["layers"],
            m["decoder_layers"],
            m["inner_width"],
            activation="relu" if m["relu"] else "gelu",
            batch_first=True,
        )
        if not m["last_norms"]:
            self.transformer.encoder.norm = self.transformer.decoder.norm = None

    def forward(self, input_ids, decoder_input_ids):
        x = self.transformer(self.source(input_ids), self.target(decoder_input_ids))
        return {"logits": self.lm_head(x)}


BUILDERS = {
    "transformer": Transformer,
    "bert": bert,
    "roberta": roberta,
    "distilbert": distilbert,
    "albert": albert,
    "electra": electra,
    "deberta": deberta,
    "deberta_v3": deberta_v3,
    "xlnet": xlnet,
    "gpt1": gpt1,
    "gpt2": gpt2,
    "gpt3": gpt2,
    "bart": bart,
    "pegasus": pegasus,
    "t5": t5,
    "vit": vit,
    "llama": llama,
    "bloom": bloom,
}

# An untied model of transformers has copies that no output depends on.
DEAD = {
    "bert": ("cls.predictions.bias",),
    "roberta": ("lm_head.bias",),
    "albert": ("predictions.bias",),
    "deberta": ("cls.predictions.bias",),
    "deberta_v3": ("cls.predictions.bias",),
    "bart": ("model.shared.weight", "shared.weight"),
    "pegasus": ("model.shared.weight", "shared.weight"),
}


def counted(name: str, **changes: Any) -> dict[str, int]:
    """Numbers in each parameter of the built model that its outputs depend on.

    With `biases=False` those of linear layers are left out, as transformers has no
    such switch.
    """
    m = dimensions(name, **changes)
    model = build(name, **changes)
    dead = () if m.get("tied", True) else DEAD.get(family(name), ())
    left = {n: p for n, p in model.named_parameters() if n not in dead}
    if family(name) == "pegasus" and not m["sinusoids"]:
        left = {n: p for n, p in left.items() if "embed_positions" not in n}
    if not m.get("biases", True):
        left = {n: p for n, p in left.items() if not is_bias(model, n)}
    return {n: p.numel() for n, p in left.items()}


def is_bias(model: nn.Module, name: str) -> bool:
    """Of a linear layer, a convolution or a vocabulary; not of a norm."""
    owner, _, last = name.rpartition(".")
    if last in ("q_bias", "v_bias", "in_proj_bias"):
        return True
    return last == "bias" and "Norm" not in type(model.get_submodule(owner)).__name__


# Which row of a ledger a parameter belongs to: the first pattern that its name has.
ENCODER_OR_DECODER = {
    r"embeddings\.LayerNorm|word_embeddings_layernorm": "embedding norm",
    r"word_embedding|wte|tokens_embed|embed_tokens|mask_emb": "token table",
    r"rel_embeddings|encoder\.LayerNorm": "distances",
    r"patch_embeddings": "patches",
    r"cls_token": "[CLS]",
    r"position_embeddings|wpe|positions_embed": "position table",
    r"token_type": "segment table",
    r"embedding_hidden_mapping_in|embeddings_project": "projection",
    r"seq_relationship": "next-sentence head",
    r"sop_classifier": "sentence-order head",
    r"pooler": "pooler",
    r"discriminator_predictions": "discriminator head",
    r"decoder\.(weight|bias)|predictions\.bias|lm_head\.(weight|bias)|lm_loss"
    r"|vocab_projector": "token scores",
    r"predictions\.|lm_head\.|vocab_(transform|layer_norm)": "masked-LM head",
    r"classifier": "classifier",
    r"ln_f|(^|\.)norm\.|^(vit\.)?layernorm\.": "last norm",
    r"[Nn]orm|ln_": "norms",
    r"attn|attention": "attention",
    r"mlp|ffn|ff\.|intermediate|output": "feed-forward",
}
ENCODER_DECODER = {
    r"lm_head": "token scores",
    r"shared|embed_tokens|^source|^target": "token table",
    r"embed_positions|relative_attention_bias": "position tables",
    r"layernorm_embedding": "embedding norms",
    r"^(model|transformer)\.\w+\.(layer_)?norm|^\w+\.final_": "last norms",
    r"encoder_attn\.|EncDecAttention|multihead_attn": "cross-attention",
    r"encoder\..*norm": "encoder norms",
    r"decoder\..*norm": "decoder norms",
    r"encoder\..*(self_attn|SelfAttention)": "encoder attention",
    r"decoder\..*(self_attn|SelfAttention)": "decoder attention",
    r"encoder\..*(fc|linear|DenseReluDense)": "encoder feed-forward",
    r"decoder\..*(fc|linear|DenseReluDense)": "decoder feed-forward",
}
OWN_NAMES = {
    "xlnet": {"token table": "token table, mask vector"},
    "vit": {"position table": "positions"},
}


def rows(name: str, **changes: Any) -> dict[str, int]:
    """The built model's parameters, added up by the ledger's parts."""
    m = dimensions(name, **changes)
    patterns = ENCODER_DECODER if "decoder_layers" in m else ENCODER_OR_DECODER
    own = OWN_NAMES.get(family(name), {})
    found: dict[str, int] = {}
    for parameter, count in counted(name, **changes).items():
        part = next(
            p for pattern, p in patterns.items() if re.search(pattern, parameter)
        )
        part = own.get(part, part)
        found[part] = found.get(part, 0) + count
    return found
