// Sends the form of a page with its progress, and shows what the check finds meanwhile. Without it the form goes as it is.
(() => {
  "use strict";
  const form = document.getElementById("send");
  if (!form || !window.FormData) return;
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const drop = document.getElementById("drop");
  const wrong = document.getElementById("wrong");
  const way = document.getElementById("way");
  const bar = document.getElementById("bytes");
  const barSaid = document.getElementById("bytes-said");
  const arriving = document.getElementById("arriving");
  const chosen = document.getElementById("chosen");
  const lang = document.documentElement.lang;
  const mib = (bytes) => `${(bytes / 1048576).toFixed(bytes < 10485760 ? 2 : 0)} MiB`;

  const say = (...texts) => {
    wrong.replaceChildren(...texts.filter(Boolean).map((text, no) => {
      const line = document.createElement("p");
      const inner = no === 0 ? document.createElement("strong") : line;
      inner.textContent = text;
      if (no === 0) line.append(inner);
      return line;
    }));
    wrong.hidden = false;
    wrong.scrollIntoView({ block: "nearest" });
  };

  const fits = () => {
    const files = [...input.files];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    chosen.replaceChildren(...files.map((file) => {
      const item = document.createElement("li");
      item.textContent = `${file.name}　${mib(file.size)}`;
      return item;
    }));
    chosen.hidden = !files.length;
    const text = files.length > Number(form.dataset.mostFiles) ? form.dataset.tooMany
      : bytes > Number(form.dataset.mostBytes) ? form.dataset.tooLarge : "";
    if (text) say(text); else wrong.hidden = true;
    return !text && files.length > 0;
  };
  input.addEventListener("change", fits);

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer && event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      fits();
    }
  });

  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fits()) return;
    const key = newKey();
    form.elements.key.value = key;
    const request = new XMLHttpRequest();
    let going = true;

    const look = async () => {
      while (going) {
        try {
          const answer = await fetch(`/sendings/arriving?key=${key}`, { headers: { Accept: "text/html", "Accept-Language": lang } });
          if (answer.ok && going) {
            const text = (await answer.text()).trim();
            if (text) arriving.innerHTML = text;
          }
        } catch { /* the next look may do better */ }
        await new Promise((done) => setTimeout(done, 300));
      }
    };
    const failed = (title, ...more) => {
      going = false;
      way.hidden = true;
      button.disabled = false;
      say(title, ...more);
    };

    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      bar.max = step.total;
      bar.value = step.loaded;
      barSaid.textContent = `${mib(step.loaded)} / ${mib(step.total)}`;
    });
    request.upload.addEventListener("load", () => { barSaid.textContent = form.dataset.arrived; });
    request.addEventListener("error", () => failed(form.dataset.broken));
    request.addEventListener("abort", () => failed(form.dataset.broken));
    request.addEventListener("load", () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* told stays empty */ }
      if (request.status < 300 && told.address) {
        going = false;
        location.assign(told.address);
      } else if (told.code === "login_over") {
        location.assign("/login?next=/sendings/new");
      } else {
        failed(told.title || form.dataset.broken, told.detail, told.hint);
      }
    });
    button.disabled = true;
    wrong.hidden = true;
    way.hidden = false;
    arriving.replaceChildren();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", lang);
    request.send(new FormData(form));
    look();
  });

  // A page that comes back from the browser's memory is as it was: ready to send again.
  window.addEventListener("pageshow", () => { button.disabled = false; });
})();
