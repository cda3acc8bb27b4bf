// SHA-256 (FIPS 180-4) of bytes that come piece by piece: what browsers have of their own takes the whole at once.
"use strict";

const seikyuSha256 = (() => {
  const PRIMES = [];
  for (let each = 2; PRIMES.length < 64; each += 1) {
    if (PRIMES.every((prime) => each % prime)) { PRIMES.push(each); }
  }
  const fraction = (number) => ((number - Math.floor(number)) * 0x100000000) | 0;
  const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
  const FIRST = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const BLOCK = 64;

  class Sha256 {
    constructor() {
      this.state = FIRST.slice();
      this.words = new Int32Array(64);
      this.rest = new Uint8Array(BLOCK);
      this.resting = 0;
      this.length = 0;
    }

    // Takes the next bytes (a Uint8Array).
    update(bytes) {
      let at = 0;
      this.length += bytes.length;
      if (this.resting) {
        at = Math.min(BLOCK - this.resting, bytes.length);
        this.rest.set(bytes.subarray(0, at), this.resting);
        this.resting += at;
        if (this.resting < BLOCK) { return this; }
        this.block(this.rest, 0);
        this.resting = 0;
      }
      for (; at + BLOCK <= bytes.length; at += BLOCK) { this.block(bytes, at); }
      this.rest.set(bytes.subarray(at));
      this.resting = bytes.length - at;
      return this;
    }

    // Returns the digest in lower-case hex; nothing can be taken afterwards.
    hex() {
      const length = this.length;
      const end = new Uint8Array(this.resting < 56 ? BLOCK - this.resting : 2 * BLOCK - this.resting);
      const view = new DataView(end.buffer);
      end[0] = 0x80;
      view.setUint32(end.length - 8, Math.floor(length / 0x20000000));
      view.setUint32(end.length - 4, (length * 8) >>> 0);
      this.update(end);
      return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    }

    block(bytes, at) {
      const words = this.words;
      for (let no = 0; no < 16; no += 1, at += 4) {
        words[no] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
      }
      for (let no = 16; no < 64; no += 1) {
        const x = words[no - 15];
        const y = words[no - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        words[no] = (words[no - 16] + s0 + words[no - 7] + s1) | 0;
      }
      let [a, b, c, d, e, f, g, h] = this.state;
      for (let no = 0; no < 64; no += 1) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[no] + words[no]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      const state = this.state;
      state[0] += a; state[1] += b; state[2] += c; state[3] += d;
      state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
  }
  return Sha256;
})();
