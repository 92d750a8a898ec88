"""Page ink to glyphs: over-segment, score every candidate with the classifier, choose the likeliest reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Box, Frame, Ink
from model.vision.components import Components, connected_components
from model.vision.decoding import Gray
from model.vision.framing import ink_box
from model.vision.page_ink import page_ink
from model.vision.sizes import MIN_HEIGHT, typical_height
from model.vision.splitting import split_touching

MAX_PIECES = 1_000
"""A page with more is texture or noise, not writing; the limit bounds the work."""

_NEVER_SPLIT_FROM = 0.9  # confidence; glyphs read with it are not split
_SPECK = 0.12  # of the typical height; smaller components are dirt
_CUT_OFF = 0.6  # of the typical height; smaller components at the border continue outside the picture
_ALONG = 0.5  # of its longer side; a component with this much contact is a shadow or the page's edge

# In heights of the higher piece:
_GAP = 0.3  # at most, between pieces of one digit
_JOINED = 1.5  # at most, height and width of a digit of several pieces
_LOW = 0.6  # a lower piece may be a part of its neighbor even if both are read with confidence

_FRAGMENT = 0.55  # of the page's typical height; a lower piece beside a higher one is hardly a digit of its own

# In log probability: a component is mostly one digit, so its parts and unions must be read better by this much.
_SPLIT_COST, _MERGE_COST = 0.3, 0.1
_MERGE_BONUS = 0.1  # in log probability, for each fragment that a union contains
_RUN = 10  # at most, pieces of one digit
_CLUSTER = 40  # at most, neighboring pieces; more are a texture and not joined
_ATOMS = 200  # at most, of a cluster; pages of digits have up to 83, and zigzags hundreds
_OPTIONS = 100_000  # at most, compared for a cluster; pages of digits have up to 3,393
_WORDS = 20  # doubtful pieces; if they are more, and the most, the page is text, whose letters must not be split

Recognize = Callable[[Sequence[Ink]], Sequence[tuple[Frame, NDArray[np.float64]]]]
"""Inks of glyphs -> the frame of each and its (10,) probabilities."""
_Indices = NDArray[np.int64]
_Group = tuple[int, ...]  # indices of atoms, ascending


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Ink cut out of its page.

    Attributes:
        box: xyxy half-open, px of the page.
        ink: (h, w) uint8 of the box's size, without its neighbors.
    """

    box: Box
    ink: Ink

    @property
    def center_x(self) -> float:
        """Horizontal center of the box, px of the page."""
        return (self.box[0] + self.box[2]) / 2


@dataclass(frozen=True, eq=False, slots=True)
class Glyph(Piece):
    """A piece that may be one digit, with the classifier's answer.

    Attributes:
        frame: (28, 28) uint8.
        probabilities: (10,) float64.
        is_part: it was split off a larger piece.
    """

    frame: Frame
    probabilities: NDArray[np.float64]
    is_part: bool = False

    @property
    def confidence(self) -> float:
        """Probability of the likeliest digit, 0-1."""
        return float(self.probabilities.max())


@dataclass(frozen=True, eq=False, slots=True)
class _Cluster:
    """Pieces that may share digits.

    Attributes:
        wholes: the pieces as they are on the page, from left to right.
        atoms: the smallest pieces, from left to right; those that were split off one piece are together.
        groups: groups of atoms that may be digits, with their costs in log probability.
        height: height of the highest piece, px.
    """

    wholes: list[Glyph]
    atoms: list[Piece]
    groups: dict[_Group, float]
    height: int

    @property
    def is_shared(self) -> bool:
        """Whether there is a choice; not among the atoms of a texture, whose search would have no bound."""
        return len(self.groups) > 1 and len(self.atoms) <= _ATOMS


def find_glyphs(ink: Ink, recognize: Recognize) -> list[Glyph]:
    """Find glyphs: connected components, joined or split where the result looks more like digits.

    Over-segmentation with a search for the likeliest reading (Casey and Lecolinet 1996). Every connected component is
    read as it is; those that are not surely digits are split where little ink holds them together, and neighbors that
    may belong to one digit are joined; all these candidates are read, and of all ways to use each atom once the
    likeliest is chosen.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink.
        recognize: it is called at most twice.

    Returns:
        Glyphs in no order; none if the page is blank or noise.
    """
    wholes = sorted(_recognized(_pieces(ink), recognize), key=lambda glyph: glyph.center_x)
    doubtful = sum(max(g.ink.shape[1] / len(g.ink), 1.0) for g in wholes if g.confidence < _NEVER_SPLIT_FROM)
    is_words = doubtful > max(_WORDS, sum(glyph.confidence >= _NEVER_SPLIT_FROM for glyph in wholes))
    if is_words:
        return wholes
    linked = _linked(wholes)
    fragments = _fragments(wholes, linked)
    clusters = [_cluster([wholes[i] for i in group], fragments[np.ix_(group, group)]) for group in _neighbors(linked)]
    alone = [whole for c in clusters if not c.is_shared for whole in c.wholes]
    shared = [c for c in clusters if c.is_shared]
    candidates = iter(_recognized([_union(c.atoms, group) for c in shared for group in c.groups], recognize))
    return alone + [glyph for c in shared for glyph in _likeliest(c, [next(candidates) for _ in c.groups])]


def glyph_in_box(gray: Gray, box: Box) -> Piece | None:
    """Find the ink of the glyph that a user has drawn a box around.

    Paper and light are estimated with the surroundings. Of the components that cross the box's edge only the one with
    most ink inside is kept: the others are neighbors.

    Args:
        gray: (h, w) uint8, 0 black … 255 white.
        box: xyxy half-open, px of `gray`; it is clipped to the picture.

    Returns:
        The ink in the box with its tight box; None if there is none.
    """
    height, width = gray.shape
    x0, x1 = np.clip((box[0], box[2]), 0, width).tolist()
    y0, y1 = np.clip((box[1], box[3]), 0, height).tolist()
    if x0 >= x1 or y0 >= y1:
        return None
    margin = max(x1 - x0, y1 - y0)
    left, top = max(x0 - margin, 0), max(y0 - margin, 0)
    ink = page_ink(gray[top : y1 + margin, left : x1 + margin]).without_ruled_lines
    return _tight(_without_neighbors(ink, (x0 - left, y0 - top, x1 - left, y1 - top)), (x0, y0))


def _without_neighbors(ink: Ink, box: Box) -> Ink:
    """Cut out the box's ink without components that reach in from outside, except the one with most ink inside."""
    count, labels = cv2.connectedComponents((ink > 0).astype(np.uint8), connectivity=8)
    x0, y0, x1, y1 = box
    inside = labels[y0:y1, x0:x1]
    whole, here = np.bincount(labels.ravel(), minlength=count), np.bincount(inside.ravel(), minlength=count)
    kept = whole == here
    here[0] = 0
    kept[here.argmax()] = True
    return np.where(kept[inside], ink[y0:y1, x0:x1], 0).astype(np.uint8)


def _recognized(pieces: Sequence[Piece], recognize: Recognize) -> list[Glyph]:
    answers = recognize([piece.ink for piece in pieces]) if pieces else []
    return [Glyph(p.box, p.ink, frame, row) for p, (frame, row) in zip(pieces, answers, strict=True)]


def _pieces(ink: Ink) -> list[Piece]:
    """Find components that are neither specks nor the page's edge; none if there are too many."""
    found = connected_components(ink)
    is_ink = np.arange(len(found.areas)) > 0
    at_border = (found.boxes[:, :2] == 0).any(axis=1) | (found.boxes[:, 2:] == ink.shape[::-1]).any(axis=1)
    heights, longest = found.sizes_wh[:, 1], found.sizes_wh.max(axis=1)
    typical = typical_height(heights[is_ink & ~at_border]) or typical_height(heights[is_ink])
    numbers = np.flatnonzero(is_ink & (longest >= max(MIN_HEIGHT, _SPECK * typical)) & (typical > 0))
    if len(numbers) > MAX_PIECES:
        return []
    if not at_border[numbers].all():
        numbers = numbers[~at_border[numbers] | (longest[numbers] >= _CUT_OFF * typical)]
        numbers = np.array([i for i in numbers if not at_border[i] or not _runs_along(found, i)], int)
    return [_component(ink, found, i) for i in numbers.tolist()]


def _runs_along(found: Components, number: int) -> bool:
    """Test whether a component lies along the border, more than a digit does that the border cuts."""
    edges = found.labels[0], found.labels[-1], found.labels[:, 0], found.labels[:, -1]
    contact = max(np.count_nonzero(edge == number) for edge in edges)
    return bool(contact >= _ALONG * found.sizes_wh[number].max())


def _component(ink: Ink, found: Components, number: int) -> Piece:
    x0, y0, x1, y1 = found.boxes[number].tolist()
    own = found.labels[y0:y1, x0:x1] == number
    return Piece((x0, y0, x1, y1), np.where(own, ink[y0:y1, x0:x1], 0).astype(np.uint8))


def _neighbors(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Group the indices of pieces that may share digits, ascending."""
    groups = _connected(linked)
    return [part for group in groups for part in ([group] if len(group) <= _CLUSTER else [[i] for i in group])]


def _linked(wholes: list[Glyph]) -> NDArray[np.bool_]:
    """(n, n) bool: two pieces are close, together no larger than a digit, and not both surely digits."""
    boxes = np.array([glyph.box for glyph in wholes], np.int64).reshape(-1, 4)
    sure = np.array([glyph.confidence >= _NEVER_SPLIT_FROM for glyph in wholes], bool)
    gap = np.maximum(boxes[:, None, :2], boxes[None, :, :2]) - np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    joined = np.maximum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.minimum(boxes[:, None, :2], boxes[None, :, :2])
    heights = boxes[:, 3] - boxes[:, 1]
    higher, lower = np.maximum.outer(heights, heights), np.minimum.outer(heights, heights)
    is_part = (lower <= _LOW * higher) | ~(sure[:, None] & sure[None, :])
    larger = np.maximum.outer(*[(boxes[:, 2:] - boxes[:, :2]).max(axis=1)] * 2)
    close = (gap.max(axis=2) <= _GAP * larger) & (joined.max(axis=2) <= _JOINED * larger)
    linked: NDArray[np.bool_] = close & is_part
    np.fill_diagonal(linked, True)
    return linked


def _connected(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Group indices that are linked with each other, directly or through others."""
    names = np.arange(len(linked))
    while True:
        renamed = np.where(linked, names, len(names)).min(axis=1, initial=len(names))
        if (renamed == names).all():
            return [np.flatnonzero(names == name).tolist() for name in np.unique(names)]
        names = renamed


def _cluster(wholes: list[Glyph], fragments: NDArray[np.bool_]) -> _Cluster:
    """Split neighboring pieces into atoms, from left to right, and list the groups of them that may be digits."""
    height = max(len(glyph.ink) for glyph in wholes)
    parts = [_parts(glyph) if _may_be_several(glyph, height) else [glyph] for glyph in wholes]
    atoms = [atom for part in parts for atom in part]
    ends = np.cumsum([len(part) for part in parts]).tolist()
    intact = [tuple(range(a, b)) for a, b in pairwise([0, *ends])]
    pairs = {tuple(sorted((*one, *other))) for one, other in combinations(intact, 2)} if len(intact) <= _RUN else set()
    runs = {tuple(range(i, j)) for i in range(len(atoms)) for j in range(i + 1, min(i + _RUN, len(atoms)) + 1)}
    fitting = {group for group in runs | pairs if len(group) == 1 or _fits(_box(atoms, group), height)}
    costs = {group: _cost(group, intact, fragments) for group in sorted(fitting.union(intact))}
    return _Cluster(wholes, atoms, costs, height)


def _fragments(wholes: list[Glyph], linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, n) bool: the first is high enough for a digit, and the second, beside it, is not, as half of an open 4."""
    heights = np.array([len(glyph.ink) for glyph in wholes], np.int64)
    is_low = heights < _FRAGMENT * typical_height(heights)
    lower = heights[None, :] <= _LOW * heights[:, None]
    return np.asarray(linked & lower & is_low[None, :] & ~is_low[:, None])


def _may_be_several(glyph: Glyph, height: int) -> bool:
    return glyph.confidence < _NEVER_SPLIT_FROM and len(glyph.ink) >= _LOW * height


def _cost(group: _Group, intact: list[_Group], fragments: NDArray[np.bool_]) -> float:
    """Cost of a group: 0 for a whole piece, most if it splits one, and less than 0 if it joins fragments to a piece."""
    whole = {i for i, piece in enumerate(intact) if set(piece) <= set(group)}
    if sum(len(intact[i]) for i in whole) < len(group):
        return _SPLIT_COST
    if len(whole) == 1:
        return 0.0
    joins_fragments = any(all(fragments[i, j] for j in whole - {i}) for i in whole)
    return -_MERGE_BONUS * (len(whole) - 1) if joins_fragments else _MERGE_COST


def _parts(glyph: Glyph) -> list[Piece]:
    numbers = split_touching(glyph.ink)
    parts = [np.where(numbers == n, glyph.ink, 0).astype(np.uint8) for n in np.unique(numbers)]
    pieces = [piece for piece in (_tight(part, glyph.box[:2]) for part in parts) if piece]
    return pieces if len(pieces) > 1 else [glyph]


def _tight(ink: Ink, corner: tuple[int, int]) -> Piece | None:
    """Crop ink to its tight box; `corner` is its place on the page. None if it is blank."""
    box = ink_box(ink)
    if box is None:
        return None
    (x, y), (x0, y0, x1, y1) = corner, box
    return Piece((x + x0, y + y0, x + x1, y + y1), ink[y0:y1, x0:x1])


def _box(atoms: list[Piece], group: _Group) -> Box:
    x0, y0, x1, y1 = zip(*(atoms[i].box for i in group), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _fits(box: Box, height: int) -> bool:
    return max(box[2] - box[0], box[3] - box[1]) <= _JOINED * height


def _union(atoms: list[Piece], group: _Group) -> Piece:
    """Join the atoms of a group to one piece."""
    if len(group) == 1:
        return atoms[group[0]]
    x0, y0, x1, y1 = _box(atoms, group)
    ink = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for left, top, right, bottom, part in ((*atoms[i].box, atoms[i].ink) for i in group):
        place = ink[top - y0 : bottom - y0, left - x0 : right - x0]
        np.maximum(place, part, out=place)
    return Piece((x0, y0, x1, y1), ink)


def _likeliest(cluster: _Cluster, glyphs: list[Glyph]) -> list[Glyph]:
    """Choose, of all sets of glyphs that use each atom once, the one with the highest log probability.

    If there are too many sets to compare, the pieces of the page are left as they are.
    """
    costs = [
        _full_cost(glyph, cost, [cluster.atoms[i] for i in group])
        for glyph, (group, cost) in zip(glyphs, cluster.groups.items(), strict=True)
    ]
    scores = [_score(glyph, cluster.height) - cost for glyph, cost in zip(glyphs, costs, strict=True)]
    options = _options(len(cluster.atoms), list(cluster.groups))
    if options is None:
        return cluster.wholes
    best: dict[int, tuple[float, _Group]] = {0: (0.0, ())}
    for left in sorted(options):  # a choice leaves a smaller number
        choices = ((k, *best[rest]) for k, rest in options[left])
        best[left] = max((scores[k] + score, (k, *others)) for k, score, others in choices)
    return [replace(glyphs[k], is_part=costs[k] >= _SPLIT_COST) for k in best[max(best)][1]]


def _options(count: int, groups: list[_Group]) -> dict[int, list[tuple[int, int]]] | None:
    """List the choices of the search, which uses the first atom that is left at each step.

    Args:
        count: of the atoms.
        groups: of atoms.

    Returns:
        For each set of atoms that may be left, as the bits of a number, the indices of the groups that its first atom
        may be used in, each with the set that is then left; None if there are more than _OPTIONS.
    """
    masks = [sum(1 << i for i in group) for group in groups]
    by_first = [[k for k, group in enumerate(groups) if group[0] == first] for first in range(count)]
    options: dict[int, list[tuple[int, int]]] = {}
    todo, total = [(1 << count) - 1], 0
    while todo:
        left = todo.pop()
        if not left or left in options:
            continue
        first = (left & -left).bit_length() - 1
        options[left] = [(k, left & ~masks[k]) for k in by_first[first] if not masks[k] & ~left]
        todo += [rest for _, rest in options[left]]
        total += len(options[left])
        if total > _OPTIONS:
            return None
    return options


def _full_cost(glyph: Glyph, cost: float, atoms: list[Piece]) -> float:
    """Double the cost of splitting off a stick, as every stroke looks like a 1; deny a bonus that changes no label."""
    if cost == _SPLIT_COST and _label(glyph) == 1:
        return 2 * cost
    if cost < 0 and any(isinstance(atom, Glyph) and _label(atom) == _label(glyph) for atom in atoms):
        return _MERGE_COST
    return cost


def _label(glyph: Glyph) -> int:
    return int(glyph.probabilities.argmax())


def _score(glyph: Glyph, height: int) -> float:
    """Log probability, weighted by size so that wide pieces count as several digits."""
    return log(glyph.confidence) * max(glyph.ink.shape) / height
