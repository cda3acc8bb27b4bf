// The 配信 button: shows how far the worker has come, hands whole deliveries over, and says what went wrong.
"use strict";

(() => {
  const LOCK = "seikyu-deliveries";
  const HANDED = ".handed";
  const LOCK_WAIT_MS = 2000;
  const KEPT_AFTER_HANDING_MS = 600_000;

  const root = document.getElementById("fetching");
  if (!root) { return; }
  const at = (name) => root.querySelector(`[data-part="${name}"]`);
  const words = (key, facts = {}) => {
    const text = root.querySelector(`[data-word="${key}"]`).textContent;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
  };
  const bytes = (count) => {
    const units = ["B", "kB", "MB", "GB"];
    let no = 0;
    for (; count >= 1000 && no < 3; no += 1) { count /= 1000; }
    return `${no < 2 ? Math.round(count) : count.toFixed(no - 1)} ${units[no]}`;
  };

  const able = navigator.storage && navigator.storage.getDirectory && navigator.locks && window.Worker;
  if (!able) {
    at("unable").hidden = false;
    return;
  }
  at("panel").hidden = false;

  const picksFolder = typeof window.showDirectoryPicker === "function";
  const picksFile = typeof window.showSaveFilePicker === "function";
  let worker = null;
  let token = "";
  const rows = new Map();   // by the id of a delivery: item, and its places on the page

  const folderOf = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(
    root.dataset.folder, { create: true },
  );

  const said = (key, facts = {}, kind = "") => {
    at("said").className = `said ${kind}`.trim();
    at("said").hidden = false;
    at("said-text").textContent = words(key, facts);
  };

  // --- fetching

  at("press").addEventListener("click", () => {
    if (at("press").getAttribute("aria-disabled") === "true") { return; }
    busy(true);
    said("begins");
    if (navigator.storage.persist) { navigator.storage.persist().catch(() => false); }
    if (!worker) {
      worker = new Worker(`${root.dataset.worker}?sha256=${encodeURIComponent(root.dataset.sha256)}`);
      worker.onmessage = ({ data }) => heard(data);
      worker.onerror = (event) => ended("fault", { text: event.message || "worker" });
    }
    worker.postMessage({
      act: "fetch", list: root.dataset.list, folder: root.dataset.folder,
      lang: document.documentElement.lang, again: at("again").checked,
    });
  });

  const busy = (is) => at("press").setAttribute("aria-disabled", String(is));

  const ended = (key, facts = {}) => {
    busy(false);
    said(key, facts, "bad");
    root.dataset.state = key;
    showLeft();
  };

  const heard = (data) => {
    const row = rows.get(data.id);
    if (data.what === "list") {
      token = data.token;
      show(data.items);
      root.dataset.state = "fetching";
      if (data.items.length) { said("fetching", { number: data.items.length }); }
    } else if (data.what === "bytes") {
      row.at = data.at;
      grown(row, "row_bytes");
    } else if (data.what === "goes_on") {
      row.at = data.at;
      row.item.resumed = data.at;
      grown(row, "row_goes_on");
      said("goes_on", { done: bytes(data.at), file: row.item.label }, "good");
    } else if (data.what === "checking") {
      row.at = data.at;
      grown(row, "row_checking");
    } else if (data.what === "damaged") {
      said("damaged", { file: row.item.label, number: data.no });
    } else if (data.what === "one") {
      row.at = row.item.size_bytes;
      grown(row, "row_checked");
      row.bar.classList.add("good");
    } else if (data.what === "trying") {
      said("trying", { seconds: data.seconds });
    } else if (data.what === "replaced") {
      said("replaced");
    } else if (data.what === "whole") {
      whole();
    } else {
      const facts = { ...data };
      for (const name of ["need", "free"]) { if (name in data) { facts[name] = bytes(Math.max(0, data[name])); } }
      ended(data.what === "no_room" && !("need" in data) ? "no_room_left" : data.what, facts);
    }
  };

  const show = (items) => {
    rows.clear();
    at("files").replaceChildren(...items.map((item) => {
      const line = at("row").content.firstElementChild.cloneNode(true);
      const part = (name) => line.querySelector(`[data-part="${name}"]`);
      const row = { item, at: 0, line, bar: part("bar"), text: part("text"), save: part("save") };
      part("label").textContent = item.label;
      row.bar.max = item.size_bytes;
      row.bar.value = 0;
      row.bar.setAttribute("aria-label", item.label);
      row.save.setAttribute("aria-label", `${row.save.textContent} ${item.label}`);
      row.save.addEventListener("click", () => hand([row], picksFile ? toFile : toDownloads));
      rows.set(item.id, row);
      return line;
    }));
    total();
  };

  const grown = (row, key) => {
    row.bar.value = row.at;
    row.text.textContent = words(key, { done: bytes(row.at), total: bytes(row.item.size_bytes) });
    total();
  };

  const total = () => {
    const all = [...rows.values()];
    const size = all.reduce((sum, row) => sum + row.item.size_bytes, 0);
    const done = all.reduce((sum, row) => sum + row.at, 0);
    at("total-line").hidden = !all.length;
    at("total").max = size || 1;
    at("total").value = done;
    at("total-text").textContent = words("row_bytes", { done: bytes(done), total: bytes(size) });
  };

  const whole = () => {
    busy(false);
    if (!rows.size) {
      worker.postMessage({ act: "release" });
      said("nothing", {}, "good");
      root.dataset.state = "nothing";
      return;
    }
    root.dataset.state = "whole";
    for (const row of rows.values()) { row.save.hidden = false; }
    if (picksFolder) {
      at("save-all").hidden = false;
      at("save-all").focus();
      said("whole_folder", { number: rows.size }, "good");
    } else if (picksFile) {
      said("whole_files", { number: rows.size }, "good");
    } else {
      hand([...rows.values()], toDownloads);
    }
    showLeft();
  };

  // --- handing over

  at("save-all").addEventListener("click", () => hand([...rows.values()], null));

  const hand = async (chosen, how) => {
    try {
      const way = how || await intoFolder();
      for (const row of chosen) {
        if (row.item.handed) { continue; }
        const folder = await folderOf();
        const file = await (await folder.getFileHandle(row.item.stored)).getFile();
        const gone = await way(row, file);
        await receive(row);
        row.item.handed = true;
        row.save.hidden = true;
        row.text.textContent = words(gone ? "row_handed" : "row_downloading");
        if (gone) {
          await folder.removeEntry(row.item.stored);
        } else {
          await folder.getFileHandle(row.item.stored + HANDED, { create: true });
        }
      }
      if ([...rows.values()].every((row) => row.item.handed)) {
        at("save-all").hidden = true;
        worker.postMessage({ act: "release" });
        said("received", { number: rows.size }, "good");
        root.dataset.state = "received";
      }
    } catch (error) {
      if (error.name === "AbortError") { return; }   // nobody chose a place; the bytes are still here
      said(error.word || "not_saved", { text: error.text || error.message }, "bad");
      root.dataset.state = error.word || "not_saved";
    }
    showLeft();
  };

  // Returns what lays files into a folder that the person chooses, each where it belongs.
  const intoFolder = async () => {
    const chosen = await window.showDirectoryPicker({ id: "seikyu", mode: "readwrite" });
    return async (row, file) => {
      const places = row.item.path.split("/");
      const name = places.pop();
      let folder = chosen;
      for (const place of places) { folder = await folder.getDirectoryHandle(place, { create: true }); }
      await written(await folder.getFileHandle(name, { create: true }), file);
      return true;
    };
  };

  const toFile = async (row, file) => {
    await written(await window.showSaveFilePicker({ suggestedName: row.item.name }), file);
    return true;
  };

  const written = async (handle, file) => {
    await file.stream().pipeTo(await handle.createWritable());
    if ((await handle.getFile()).size !== file.size) { throw new Error("size"); }
  };

  // The browser copies in its own time, so the bytes stay here for a while.
  const toDownloads = async (row, file) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = row.item.name;
    link.click();
    return false;
  };

  // Says to the office that the bytes are here, with their digest; the login may have ended meanwhile.
  const receive = async (row) => {
    for (const last of [false, true]) {
      const answer = await fetch(row.item.received, {
        method: "POST", redirect: "manual", credentials: "same-origin",
        headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
        body: new URLSearchParams({ token, sha256: row.item.sha256 }),
      });
      if (answer.ok) { return; }
      if (answer.type === "opaqueredirect") { throw Object.assign(new Error(), { word: "login_over" }); }
      const problem = await answer.json().catch(() => ({}));
      if (last || problem.code !== "form_over") {
        throw Object.assign(new Error(), { word: "refused", text: [problem.title, problem.detail].join(" ") });
      }
      const list = await (await fetch(root.dataset.list, { headers: { Accept: "application/json" } })).json();
      token = list.token;
    }
  };

  // --- what is left here

  const showLeft = async () => {
    const folder = await folderOf();
    let size = 0;
    let number = 0;
    for await (const [name, handle] of folder.entries()) {
      if (name.endsWith(HANDED)) { continue; }
      number += 1;
      size += (await handle.getFile()).size;
    }
    at("left").hidden = !number;
    at("left-text").textContent = words("left", { number, size: bytes(size) });
  };

  at("clear").addEventListener("click", async () => {
    if (worker) { worker.terminate(); worker = null; busy(false); }
    // Our own worker takes a moment to go; another tab keeps what it holds.
    const cleared = await navigator.locks.request(LOCK, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, async () => {
      await (await navigator.storage.getDirectory()).removeEntry(root.dataset.folder, { recursive: true });
      return true;
    }).catch(() => false);
    if (cleared) {
      show([]);
      at("save-all").hidden = true;
      root.dataset.state = "cleared";
      said("cleared", {}, "good");
    } else {
      ended("other_tab");
    }
    await showLeft();
  });

  // What was given to the downloads some time ago is not needed here any more.
  const sweep = () => navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) { return; }
    const folder = await folderOf();
    const marks = [];
    for await (const [name, handle] of folder.entries()) {
      if (name.endsWith(HANDED)) { marks.push([name, (await handle.getFile()).lastModified]); }
    }
    for (const [name, since] of marks) {
      if (Date.now() - since < KEPT_AFTER_HANDING_MS) { continue; }
      await folder.removeEntry(name.slice(0, -HANDED.length)).catch(() => null);
      await folder.removeEntry(name);
    }
  });

  sweep().then(showLeft).catch(() => null);
})();
