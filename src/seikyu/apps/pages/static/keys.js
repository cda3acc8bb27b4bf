// Asks a security key what the form says, and sends its answer with the form. Nothing else on our pages needs a script.
"use strict";

(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (each) => each.charCodeAt(0));
  };

  const text = (buffer) => {
    const plain = Array.from(new Uint8Array(buffer), (each) => String.fromCharCode(each)).join("");
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  const ask = async (question, isNew) => {
    const told = { ...question, challenge: bytes(question.challenge) };
    if (isNew) {
      told.user = { ...question.user, id: bytes(question.user.id) };
      told.excludeCredentials = named(question.excludeCredentials);
      return navigator.credentials.create({ publicKey: told });
    }
    told.allowCredentials = named(question.allowCredentials);
    return navigator.credentials.get({ publicKey: told });
  };

  const answered = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      const value = credential.response[name];
      if (value) response[name] = text(value);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: {},
    });
  };

  for (const form of document.querySelectorAll("form[data-question]")) {
    const failed = form.querySelector("[data-failed]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      const field = form.elements.namedItem("answer");
      if (field.value) return;
      event.preventDefault();
      failed.hidden = true;
      try {
        const question = JSON.parse(form.dataset.question);
        field.value = answered(await ask(question, form.dataset.kind === "new"));
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  }
})();
