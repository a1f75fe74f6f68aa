"""Learning which neighbours to merge: the half that BPE and WordPiece share."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

Pair = tuple[str, str]


def learn_merges(
    words: Mapping[tuple[str, ...], int],
    alphabet: Sequence[str],
    steps: int,
    *,
    join: Callable[[str, str], str],
    relative: bool,
    min_count: int,
) -> list[Pair]:
    """Merge the best pair of neighbours into a token, and again, `steps` times.

    Of equal scores the pair wins whose left token was made first, then whose right one
    was (the alphabet's order, then that of the merges). A pair that would spell a token
    that is there already is passed over.

    Args:
        words: how often each word, spelled in symbols, occurs.
        alphabet: every symbol, in the order that settles ties.
        join: spells the token of two tokens.
        relative: a pair's score is its count over the product of its tokens' counts,
            rather than its count.
        min_count: pairs that occur less often aren't merged.

    Returns:
        The pairs in the order of their merging: fewer than `steps` where the pairs run
        out.
    """
    spelled = [list(word) for word in words]
    counts = list(words.values())
    order = {symbol: i for i, symbol in enumerate(alphabet)}
    tokens: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)  # pair -> words that have it
    beside: defaultdict[str, set[Pair]] = defaultdict(set)  # token -> its pairs
    for i, word in enumerate(spelled):
        for token in word:
            tokens[token] += counts[i]
        for pair in pairwise(word):
            pairs[pair] += counts[i]
            where[pair].add(i)

    def ranked(pair: Pair) -> tuple[float, int, int, Pair]:
        left, right = pair
        score = pairs[pair] / (tokens[left] * tokens[right] if relative else 1)
        return -score, order[left], order[right], pair

    queue: list[tuple[float, int, int, Pair]] = []

    def enqueue(found: Mapping[Pair, int] | set[Pair]) -> None:
        for pair in found:
            # A count never grows again, so the rare ones can be left out for good.
            if pairs[pair] >= min_count:
                heapq.heappush(queue, ranked(pair))
                beside[pair[0]].add(pair)
                beside[pair[1]].add(pair)

    enqueue(pairs)
    merges: list[Pair] = []
    while queue and len(merges) < steps:
        best = heapq.heappop(queue)
        pair = left, right = best[-1]
        new = join(left, right)
        # A pair whose score changed was queued again: this may be its old score.
        if pairs[pair] < min_count or new in order or best != ranked(pair):
            continue
        merges.append(pair)
        order[new] = len(order)
        change: Counter[Pair] = Counter()
        for i in where.pop(pair):
            before, after = spelled[i], merge(spelled[i], pair, new)
            spelled[i] = after
            merged = (len(before) - len(after)) * counts[i]
            tokens[new] += merged
            tokens[left] -= merged
            tokens[right] -= merged
            for neighbours in pairwise(before):
                change[neighbours] -= counts[i]
            for neighbours in pairwise(after):
                change[neighbours] += counts[i]
                where[neighbours].add(i)
        pairs.update(change)
        enqueue({p for p, n in change.items() if n})
        if relative:
            enqueue(beside[left] | beside[right])
    return merges


def merge(word: Sequence[str], pair: Pair, new: str) -> list[str]:
    """The word with every place of the pair, from left to right, made one token."""
    found: list[str] = []
    for token in word:
        if found and (found[-1], token) == pair:
            found[-1] = new
        else:
            found.append(token)
    return found
