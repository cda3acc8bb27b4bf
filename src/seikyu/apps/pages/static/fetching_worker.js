// Fetches deliveries in pieces into the browser's own storage (OPFS). What is durable there counts: every start reads
// lengths and bytes back. One tab at a time; whatever ends this worker, the next one goes on from what is there.
"use strict";

importScripts(new URL(new URLSearchParams(self.location.search).get("sha256"), self.location.origin).href);

const LOCK = "seikyu-deliveries";
const LOCK_WAIT_MS = 2000;
const PAUSES_S = [1, 2, 4];
const SILENT_MS = 45_000;
const READ_BYTES = 1024 * 1024;
const ROUNDS = 2;
const LATER = [408, 425, 429, 500, 502, 503, 504];

let told = null;       // what the page has said: addresses, language
let release = null;    // gives the lock back

class Trouble extends Error {
  constructor(word, facts = {}) {
    super(word);
    this.word = word;
    this.facts = facts;
  }
}

// The line broke, or the office asks to come later; to be tried again.
class Broken extends Error {}

const tell = (what, facts = {}) => self.postMessage({ what, ...facts });

self.onmessage = ({ data }) => {
  if (data.act === "release") {
    if (release) { release(); }
    return;
  }
  told = data;
  navigator.locks.request(LOCK, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, held).catch(say);
};

async function held() {
  try {
    await fetchAll();
  } catch (error) {
    say(error);
    return;
  }
  // Nobody else may touch what is there until the page has handed it over.
  await new Promise((resolve) => { release = resolve; });
  release = null;
}

function say(error) {
  if (error instanceof Trouble) {
    tell(error.word, error.facts);
  } else if (error.name === "QuotaExceededError") {
    tell("no_room", {});
  } else if (["NoModificationAllowedError", "TimeoutError"].includes(error.name)) {
    tell("other_tab");
  } else {
    tell("fault", { text: `${error.name}: ${error.message}` });
  }
}

async function fetchAll() {
  const list = await document(told.list);
  const wanted = list.items.filter((item) => told.again || item.state !== "received");
  const folder = await folderOf();
  await dropReplaced(folder, list.items);
  tell("list", { items: wanted, received: list.items.length - wanted.length, token: list.token });
  await requireRoom(folder, wanted);
  for (const item of wanted) { await bring(folder, item, list); }
  tell("whole");
}

async function folderOf() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(told.folder, { create: true });
}

// A delivery that has other bytes than those we began with is begun anew.
async function dropReplaced(folder, items) {
  const sealed = new Map(items.map((item) => [item.id, item.sha256]));
  for await (const name of folder.keys()) {
    const [id, sha256] = name.split(".");
    if (sealed.has(id) && sealed.get(id) !== sha256) {
      await folder.removeEntry(name);
      tell("replaced");
    }
  }
}

async function requireRoom(folder, items) {
  const estimate = await navigator.storage.estimate();
  let need = 0;
  for (const item of items) { need += item.size_bytes - await lengthOf(folder, item.stored); }
  const free = estimate.quota - estimate.usage;
  if (need > free) { throw new Trouble("no_room", { need, free }); }
}

async function lengthOf(folder, name) {
  try {
    return (await (await folder.getFileHandle(name)).getFile()).size;
  } catch (error) {
    if (error.name === "NotFoundError") { return 0; }
    throw error;
  }
}

async function bring(folder, item, list) {
  const handle = await folder.getFileHandle(item.stored, { create: true });
  const access = await handle.createSyncAccessHandle();
  try {
    if (access.getSize() > item.size_bytes) { access.truncate(item.size_bytes); }
    for (let round = 0; ; round += 1) {
      const digest = await complete(access, item, list);
      if (digest === item.sha256) { break; }
      if (round === ROUNDS) { await complain(item, list, digest); }
      await mend(access, item);
    }
  } finally {
    access.flush();
    access.close();
  }
  tell("one", { id: item.id });
}

// Fetches what is missing and returns the digest of all that is there then.
async function complete(access, item, list) {
  const hash = new seikyuSha256();
  let at = rehash(access, item, hash);
  if (at) { tell("goes_on", { id: item.id, at }); }
  while (at < item.size_bytes) {
    const take = (bytes) => {
      write(access, bytes, at);
      hash.update(bytes);
      at += bytes.length;
      tell("bytes", { id: item.id, at });
    };
    await again(async () => {
      const before = at;
      try {
        await piece(item, at, Math.min(at + list.piece_bytes, item.size_bytes), take);
      } catch (error) {
        if (error instanceof Broken) { error.progress = at > before; }
        throw error;
      } finally {
        access.flush();
      }
    });
  }
  return hash.hex();
}

// Reads back what is there; returns how much.
function rehash(access, item, hash) {
  const size = access.getSize();
  const buffer = new Uint8Array(READ_BYTES);
  let at = 0;
  while (at < size) {
    const count = access.read(buffer, { at });
    if (!count) { break; }
    hash.update(buffer.subarray(0, count));
    at += count;
    tell("checking", { id: item.id, at });
  }
  if (at < size) { access.truncate(at); }
  return at;
}

function write(access, bytes, at) {
  for (let done = 0; done < bytes.length;) {
    const count = access.write(bytes.subarray(done), { at: at + done });
    if (!count) { throw new Trouble("no_room"); }
    done += count;
  }
}

// Fetches the bytes from one place up to another, and gives them on as they come.
async function piece(item, from, to, take) {
  const etag = `"${item.sha256}"`;
  const silence = new AbortController();
  let bell = setTimeout(() => silence.abort(), SILENT_MS);
  try {
    const asked = { Range: `bytes=${from}-${to - 1}`, "If-Range": etag };
    const answer = await ask(item.content, asked, silence.signal);
    if (answer.headers.get("ETag") !== etag) { throw new Trouble("replaced_now"); }
    const range = answer.headers.get("Content-Range") || "";
    if (answer.status !== 206 || !range.startsWith(`bytes ${from}-${to - 1}/`)) { throw new Trouble("odd"); }
    const reader = answer.body.getReader();
    let at = from;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) { break; }
      if (at + value.length > to) { throw new Trouble("odd"); }
      take(value);
      at += value.length;
      clearTimeout(bell);
      bell = setTimeout(() => silence.abort(), SILENT_MS);
    }
    if (at < to) { throw new Broken("short"); }
  } catch (error) {
    throw error instanceof TypeError || error.name === "AbortError" ? new Broken(error.message) : error;
  } finally {
    clearTimeout(bell);
    silence.abort();
  }
}

// Of bytes that are not the right ones, fetches the wrong pieces again.
async function mend(access, item) {
  const list = await document(item.pieces);
  for (let no = 0; no < list.pieces.length; no += 1) {
    const from = no * list.piece_bytes;
    const to = Math.min(from + list.piece_bytes, item.size_bytes);
    const buffer = new Uint8Array(to - from);
    access.read(buffer, { at: from });
    const digest = hex(await crypto.subtle.digest("SHA-256", buffer));
    if (digest === list.pieces[no]) { continue; }
    tell("damaged", { id: item.id, no: no + 1 });
    await again(async () => {
      let at = from;
      await piece(item, from, to, (bytes) => { write(access, bytes, at); at += bytes.length; });
      access.flush();
    });
  }
}

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Tells the office what arrives, so that it looks at its own bytes; then gives up.
async function complain(item, list, digest) {
  const body = new URLSearchParams({ token: list.token, sha256: digest });
  await ask(item.received, {}, undefined, { method: "POST", body });
  throw new Trouble("still_wrong", { id: item.id });
}

// Asks the office. Errors: Broken, to be tried again; Trouble, with what it says.
async function ask(url, headers = {}, signal = undefined, options = {}) {
  let answer = null;
  try {
    answer = await fetch(url, {
      headers: { Accept: "application/json", "Accept-Language": told.lang, ...headers },
      redirect: "manual", cache: "no-store", credentials: "same-origin", signal, ...options,
    });
  } catch (error) {
    throw new Broken(error.message);
  }
  if (answer.type === "opaqueredirect") { throw new Trouble("login_over"); }
  if (answer.ok) { return answer; }
  if (LATER.includes(answer.status)) { throw new Broken(`status ${answer.status}`); }
  const said = await answer.json().catch(() => ({}));
  if (said.code === "login_over") { throw new Trouble("login_over"); }
  throw new Trouble("refused", { text: [said.title, said.detail, said.hint].filter(Boolean).join(" "), code: said.code });
}

// Returns what the office says, as a whole.
const document = (url) => again(async () => {
  const answer = await ask(url);
  return answer.json().catch((error) => { throw new Broken(error.message); });
});

// Does what may break, again after a while; every try that brought something has the full number of them.
async function again(act) {
  for (let tries = 0; ;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Broken)) { throw error; }
      if (error.progress) { tries = 0; }
      if (tries === PAUSES_S.length) { throw new Trouble("broken"); }
      tell("trying", { seconds: PAUSES_S[tries] });
      await new Promise((resolve) => { setTimeout(resolve, PAUSES_S[tries] * 1000); });
      tries += 1;
    }
  }
}
