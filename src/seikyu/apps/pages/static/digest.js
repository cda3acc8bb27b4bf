// Reckons the digest of a file that the person has, on this machine; the file goes nowhere.
"use strict";

(() => {
  const chosen = document.getElementById("f-own-file");
  const typed = document.getElementById("f-sha256");
  const progress = document.getElementById("own-file-progress");
  if (!chosen || !typed) { return; }
  chosen.closest(".field").hidden = false;
  chosen.addEventListener("change", async () => {
    const file = chosen.files[0];
    if (!file) { return; }
    const hash = new seikyuSha256();
    const reader = file.stream().getReader();
    progress.hidden = false;
    progress.max = file.size || 1;
    let at = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) { break; }
      hash.update(value);
      at += value.length;
      progress.value = at;
    }
    typed.value = hash.hex();
    typed.focus();
  });
})();
