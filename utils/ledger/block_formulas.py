"""What each block of `utils.nn` costs, as formulas in its sizes.

A linear layer from 768 to 3,072 has 768 · 3072 + 3072 parameters; on b · t vectors it
takes 2 · b · t · 768 · 3072 operations (a multiply-add is two) and keeps its input for
the backward pass. Every function here says this for one block, with sympy's symbols for
the sizes, and costs add up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import sympy
from sympy import Expr, Integer

BATCH, LENGTH, TARGET = sympy.symbols("b t u")
TOKENS = BATCH * LENGTH
ZERO = Integer(0)


@dataclass(frozen=True)
class Cost:
    """Of one part, for a batch of `b` sequences of `t` tokens.

    Args:
        parameters: numbers that are learned.
        forward: operations of all matrix products, two for a multiply-add. What is done
            once a number (softmax, activations, norms, sums) isn't counted.
        backward: the same for the gradients of inputs and weights.
        kept: numbers that autograd keeps for the backward pass, dropout off.
        fused: kept beside these by a fused attention kernel.
        written_out: kept beside these where attention is softmax(q kᵀ) v step by step.
        cached: numbers of keys and values kept while generating.
    """

    parameters: Expr = ZERO
    forward: Expr = ZERO
    backward: Expr = ZERO
    kept: Expr = ZERO
    fused: Expr = ZERO
    written_out: Expr = ZERO
    cached: Expr = ZERO

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, n) + getattr(other, n) for n in NAMES))

    def times(self, layers: Expr, shared: Expr | None = None) -> Cost:
        """The part in every layer; `shared` sets of parameters if not one a layer."""
        counts = (layers if shared is None else shared, *[layers] * (len(NAMES) - 1))
        return Cost(*(n * getattr(self, c) for n, c in zip(counts, NAMES, strict=True)))

    def only(self, *names: str) -> Cost:
        """The same with every cost but the named ones left out."""
        return Cost(**{name: getattr(self, name) for name in names})

    def at(self, sizes: dict[Expr, Expr]) -> Cost:
        """The same with sizes put in the place of symbols."""
        return Cost(*(sympy.sympify(getattr(self, n)).subs(sizes) for n in NAMES))


NAMES = tuple(field.name for field in fields(Cost))


def parameter(*shape: Expr) -> Cost:
    """A tensor that is added or concatenated: no products."""
    return Cost(parameters=sympy.prod(shape))


def embedding(rows: Expr, width: Expr) -> Cost:
    """A table with a vector for each id. Looking up is no arithmetic."""
    return parameter(rows, width)


def linear(
    inputs: Expr,
    outputs: Expr,
    *,
    bias: bool = True,
    rows: Expr = TOKENS,
    keeps_input: bool = True,
    input_gradient: bool = True,
    owned: bool = True,
) -> Cost:
    """x Wᵀ + b on `rows` vectors.

    Args:
        keeps_input: False where another part keeps the same tensor.
        input_gradient: False where the input is data (pixels, sinusoids): its gradient
            is never needed.
        owned: False where the weight is another part's, as a tied head's is.
    """
    products = 2 * rows * inputs * outputs
    return Cost(
        parameters=(inputs * outputs if owned else 0) + (outputs if bias else 0),
        forward=products,
        backward=(2 if input_gradient else 1) * products,
        kept=rows * inputs if keeps_input else ZERO,
    )


def layer_norm(width: Expr, rows: Expr = TOKENS) -> Cost:
    """Scale and shift; keeps its input, and mean and deviation of each vector."""
    return Cost(parameters=2 * width, kept=rows * width + 2 * rows)


def rms_norm(width: Expr, rows: Expr = TOKENS) -> Cost:
    """Scale only; keeps its input, one statistic of each vector, and what it scales.

    The last on a CPU only: a GPU's kernel computes it again.
    """
    return Cost(parameters=width, kept=2 * rows * width + rows)


def attention_core(
    heads: Expr,
    head_width: Expr,
    queries: Expr = LENGTH,
    keys: Expr = LENGTH,
    *,
    masked: bool = False,
    biased: bool = False,
) -> Cost:
    """Scores q kᵀ and their average of the values, for all heads.

    A causal mask hides half of the scores; they are computed all the same, and counted.
    Written out, masked weights are kept twice: from softmax, and with masked ones at 0.
    Where a bias on the scores is learned (`biased`), no kernel does without a number
    for each pair of positions: a CPU keeps the weights, a GPU the bias.
    """
    products = 2 * (2 * BATCH * queries * keys * heads * head_width)
    weights = BATCH * heads * queries * keys
    return Cost(
        forward=products,
        backward=2 * products,
        fused=weights if biased else BATCH * heads * queries,
        written_out=(2 if masked else 1) * weights,
    )


def self_attention(
    width: Expr,
    heads: Expr,
    *,
    head_width: Expr | None = None,
    key_value_heads: Expr | None = None,
    bias: bool = True,
    length: Expr = LENGTH,
    causal: bool = False,
    biased: bool = False,
) -> Cost:
    """Queries, keys and values of one sequence, the core, and the output projection.

    Fewer heads for keys and values than for queries is grouped-query attention.
    """
    head_width = width / heads if head_width is None else head_width
    key_value_heads = heads if key_value_heads is None else key_value_heads
    inner, shared = heads * head_width, key_value_heads * head_width
    rows = BATCH * length
    key = linear(width, shared, bias=bias, rows=rows, keeps_input=False)
    return (
        linear(width, inner, bias=bias, rows=rows)
        + key
        + key
        + Cost(kept=rows * (inner + 2 * shared), cached=2 * rows * shared)
        + attention_core(
            heads, head_width, length, length, masked=causal, biased=biased
        )
        + linear(inner, width, bias=bias, rows=rows)
    )


def cross_attention(
    width: Expr,
    heads: Expr,
    *,
    head_width: Expr | None = None,
    bias: bool = True,
    length: Expr = TARGET,
    memory: Expr = LENGTH,
) -> Cost:
    """Queries of one sequence, keys and values of another."""
    head_width = width / heads if head_width is None else head_width
    inner, rows, memory_rows = heads * head_width, BATCH * length, BATCH * memory
    # All layers read the same memory: kept once, by the encoder's last part.
    key = linear(width, inner, bias=bias, rows=memory_rows, keeps_input=False)
    return (
        linear(width, inner, bias=bias, rows=rows)
        + key
        + key
        + Cost(kept=rows * inner + 2 * memory_rows * inner)
        + Cost(cached=2 * memory_rows * inner)
        + attention_core(heads, head_width, length, memory)
        + linear(inner, width, bias=bias, rows=rows)
    )


def position_scores(width: Expr, heads: Expr, distances: Expr) -> Cost:
    """Scores of content with `distances` vectors (DeBERTa, XLNet).

    Kept: the content, scaled, and the vectors. These are copied for each sequence, and
    each block of 128 queries needs as many as it and all keys have; one sequence, or
    one head, does with the vectors as they are.
    """
    products = 2 * TOKENS * distances * width
    copies = TOKENS * width * (1 + sympy.ceiling(LENGTH / 128))
    vectors = sympy.Piecewise(
        (2 * LENGTH * width, sympy.Eq(sympy.Min(BATCH, heads), 1)),
        (copies, sympy.true),
    )
    return Cost(forward=products, backward=2 * products, kept=TOKENS * width + vectors)


def disentangled_self_attention(
    width: Expr,
    heads: Expr,
    span: Expr,
    *,
    content_to_position: bool = True,
    position_to_content: bool = True,
    bias: bool = True,
    shared: bool = False,
) -> Cost:
    """DeBERTa's: scores of content with relative positions too (He et al. 2021, §3).

    `span` is how far distances are told apart; 2 · span vectors stand for them, which
    are projected to keys and queries of their own. `shared` projections are the
    content's (He et al. 2023); else the content's keys have no bias, and neither has
    the projection of positions to keys.
    """
    own = bias and not shared
    cost = self_attention(width, heads, bias=bias, biased=True)
    cost += Cost(parameters=-width if own else ZERO)  # of the keys
    for wanted, biased in ((content_to_position, False), (position_to_content, own)):
        if wanted:
            rows = {"rows": 2 * span, "keeps_input": False, "owned": not shared}
            cost += linear(width, width, bias=biased, **rows)
            cost += position_scores(width, heads, 2 * span)
    return cost


def relative_attention(width: Expr, heads: Expr, head_width: Expr) -> Cost:
    """Transformer-XL's and XLNet's (Dai et al. 2019, §3.3; Yang et al. 2019).

    Five projections without bias (the fifth of the 2t distances), three vectors added
    to the queries, and two for "same segment" and "another".
    """
    inner, sinusoids = heads * head_width, 2 * TOKENS
    fixed = {"keeps_input": False, "input_gradient": False}
    return (
        self_attention(width, heads, head_width=head_width, bias=False, biased=True)
        + linear(width, inner, bias=False, rows=sinusoids, **fixed)
        + parameter(5 * inner)
        + position_scores(inner, heads, 2 * LENGTH)
    )


def feed_forward(
    width: Expr,
    inner_width: Expr,
    *,
    bias: bool = True,
    relu: bool = False,
    rows: Expr = TOKENS,
) -> Cost:
    """Wider, activation, back. GELU keeps its input; ReLU needs its output only, which
    is the next layer's input."""
    return (
        linear(width, inner_width, bias=bias, rows=rows)
        + Cost(kept=ZERO if relu else rows * inner_width)
        + linear(inner_width, width, bias=bias, rows=rows)
    )


def gated_feed_forward(
    width: Expr, inner_width: Expr, *, bias: bool = False, rows: Expr = TOKENS
) -> Cost:
    """Two layers to the inner width, one of them through the activation, their product
    back (Shazeer 2020)."""
    return (
        linear(width, inner_width, bias=bias, rows=rows)
        + linear(width, inner_width, bias=bias, rows=rows, keeps_input=False)
        + Cost(kept=3 * rows * inner_width)
        + linear(inner_width, width, bias=bias, rows=rows)
    )


def pooler(width: Expr, *, bias: bool = True, keeps_input: bool = True) -> Cost:
    """A linear layer on the first vector of each sequence, and tanh.

    The vector is a view of the hidden state, which is kept whole, and tanh keeps its
    output.
    """
    layer = linear(width, width, bias=bias, rows=BATCH, keeps_input=False)
    hidden = TOKENS * width if keeps_input else ZERO
    return layer + Cost(kept=hidden + BATCH * width)


def masked_lm_transform(
    width: Expr, embedding_width: Expr, *, bias: bool = True
) -> Cost:
    """Linear, activation, norm: what stands before the tied table in BERT's head."""
    return (
        linear(width, embedding_width, bias=bias)
        + Cost(kept=TOKENS * embedding_width)
        + layer_norm(embedding_width)
    )


def vocabulary_scores(
    width: Expr,
    vocabulary: Expr,
    *,
    tied: bool = True,
    bias: bool = False,
    rows: Expr = TOKENS,
) -> Cost:
    """A score for each token of the vocabulary; tied, the token table is the weight."""
    return linear(width, vocabulary, bias=bias, rows=rows, owned=not tied)


def cross_entropy(vocabulary: Expr, rows: Expr) -> Cost:
    """The loss keeps a log-probability of every token at every position."""
    return Cost(kept=rows * vocabulary)


def classifier(
    width: Expr, classes: Expr, *, bias: bool = True, rows: Expr = BATCH
) -> Cost:
    """A linear layer to classes: of each sequence's pooled vector, which its tanh keeps
    already, or of every position."""
    return linear(width, classes, bias=bias, rows=rows, keeps_input=rows != BATCH)


def two_layer_classifier(
    width: Expr, classes: Expr, *, bias: bool = True, gelu: bool = False
) -> Cost:
    """A pooler of the classifier's own before it (RoBERTa, DistilBERT, ELECTRA).

    GELU keeps its input too, where tanh and ReLU need their output only.
    """
    input_of_gelu = Cost(kept=BATCH * width if gelu else ZERO)
    layers = pooler(width, bias=bias) + classifier(width, classes, bias=bias)
    return layers + input_of_gelu


def patch_embedding(
    patches: Expr, patch: Expr, channels: Expr, width: Expr, *, bias: bool = True
) -> Cost:
    """A linear layer on each patch's pixels, written as a convolution."""
    pixels = channels * patch**2
    rows = BATCH * patches
    return linear(pixels, width, bias=bias, rows=rows, input_gradient=False)
