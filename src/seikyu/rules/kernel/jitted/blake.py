"""BLAKE2b with a key, many short messages at a time, compiled. A test holds it against the standard library.

Source: blake2:RFC 7693.
"""

from typing import Any, Final

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

_BLOCK: Final = 128
_IV: Final = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_SIGMA: Final = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.uint8,
)

U = np.uintp
_16, _24, _32, _40, _48, _1, _63 = (np.uint64(n) for n in (16, 24, 32, 40, 48, 1, 63))


@jit
def _mix(v: Any, a: int, b: int, c: int, d: int, x: Any, y: Any) -> None:
    va, vb, vc, vd = v[U(a)], v[U(b)], v[U(c)], v[U(d)]
    va = va + vb + x
    vd ^= va
    vd = (vd >> _32) | (vd << _32)
    vc = vc + vd
    vb ^= vc
    vb = (vb >> _24) | (vb << _40)
    va = va + vb + y
    vd ^= va
    vd = (vd >> _16) | (vd << _48)
    vc = vc + vd
    vb ^= vc
    vb = (vb >> _63) | (vb << _1)
    v[U(a)], v[U(b)], v[U(c)], v[U(d)] = va, vb, vc, vd


@jit
def _compress(h: Any, m: Any, v: Any, count: int, last: bool) -> None:
    """Mix one block of 16 words into the state."""
    for i in range(8):
        v[U(i)] = h[U(i)]
        v[U(i + 8)] = _IV[U(i)]
    v[12] ^= np.uint64(count)
    if last:
        v[14] = ~v[14]
    for r in range(12):
        _mix(v, 0, 4, 8, 12, m[U(_SIGMA[r, 0])], m[U(_SIGMA[r, 1])])
        _mix(v, 1, 5, 9, 13, m[U(_SIGMA[r, 2])], m[U(_SIGMA[r, 3])])
        _mix(v, 2, 6, 10, 14, m[U(_SIGMA[r, 4])], m[U(_SIGMA[r, 5])])
        _mix(v, 3, 7, 11, 15, m[U(_SIGMA[r, 6])], m[U(_SIGMA[r, 7])])
        _mix(v, 0, 5, 10, 15, m[U(_SIGMA[r, 8])], m[U(_SIGMA[r, 9])])
        _mix(v, 1, 6, 11, 12, m[U(_SIGMA[r, 10])], m[U(_SIGMA[r, 11])])
        _mix(v, 2, 7, 8, 13, m[U(_SIGMA[r, 12])], m[U(_SIGMA[r, 13])])
        _mix(v, 3, 4, 9, 14, m[U(_SIGMA[r, 14])], m[U(_SIGMA[r, 15])])
    for i in range(8):
        h[U(i)] ^= v[U(i)] ^ v[U(i + 8)]


@jit
def _load(data: Any, start: int, length: int, m: Any) -> None:
    """Read a block of at most 128 bytes as words, filled up with zeros."""
    whole = length >> 3
    for i in range(whole):
        word = np.uint64(0)
        for j in range(8):
            word |= np.uint64(data[U(start + i * 8 + j)]) << np.uint64(8 * j)
        m[U(i)] = word
    for i in range(whole, 16):
        m[U(i)] = np.uint64(0)
    for at in range(whole * 8, length):
        m[U(whole)] |= np.uint64(data[U(start + at)]) << np.uint64(8 * (at & 7))


@jit
def digests(messages: Any, ends: Any, count: int, key: Any, digest_bytes: int, words: Any, out: Any) -> None:
    """Write the digest of each message; message `i` ends at `ends[i]` and begins where the one before ends.

    `words` is room for 48 words; rows of `out` take the digests.
    """
    h0, h, m, v = words[:8], words[8:16], words[16:32], words[32:48]
    for i in range(8):
        h0[U(i)] = _IV[U(i)]
    h0[0] ^= np.uint64(0x01010000 ^ (key.shape[0] << 8) ^ digest_bytes)
    keyed = _BLOCK if key.shape[0] else 0
    if keyed:
        _load(key, 0, key.shape[0], m)
        _compress(h0, m, v, keyed, False)
    start = 0
    for n in range(count):
        end = ends[U(n)]
        for i in range(8):
            h[U(i)] = h0[U(i)]
        done = keyed
        while end - start > _BLOCK:
            _load(messages, start, _BLOCK, m)
            done += _BLOCK
            _compress(h, m, v, done, False)
            start += _BLOCK
        _load(messages, start, end - start, m)
        _compress(h, m, v, done + end - start, True)
        for i in range(digest_bytes):
            out[U(n), U(i)] = h[U(i // 8)] >> np.uint64(8 * (i % 8)) & np.uint64(255)
        start = end
