/* Files that people send: dragged or chosen, sent as they are, with how far it is; and the form of the check, which
   asks anew at each choice. */
(function () {
  "use strict";

  const zone = () => document.querySelector("[data-upload]");

  function say(box, text, failed) {
    const said = box.querySelector(".said");
    said.textContent = text;
    said.classList.toggle("failed", !!failed);
    said.setAttribute("role", failed ? "alert" : "status");
    box.classList.toggle("busy", !failed && !!text);
  }

  function send(box, file) {
    if (!file || box.classList.contains("busy")) return;
    if (file.size > +box.dataset.largest) return say(box, box.dataset.large, true);
    const bar = box.querySelector(".progress i");
    const call = new XMLHttpRequest();
    call.open("POST", box.dataset.upload);
    call.setRequestHeader("X-Token", box.dataset.token);
    call.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    call.setRequestHeader("Content-Type", "application/octet-stream");
    call.upload.onprogress = (event) => {
      bar.style.width = event.lengthComputable ? 100 * event.loaded / event.total + "%" : "50%";
    };
    call.upload.onload = () => say(box, box.dataset.reading);
    call.onload = () => {
      bar.style.width = "0";
      let answer = {};
      try { answer = JSON.parse(call.responseText); } catch (error) { answer = {}; }
      if (call.status === 201) window.linli.go(answer.to);
      else if (call.status === 401) location.reload();
      else say(box, answer.refused || box.dataset.broken, true);
    };
    call.onerror = () => { bar.style.width = "0"; say(box, box.dataset.broken, true); };
    say(box, box.dataset.sending);
    call.send(file);
  }

  document.addEventListener("click", (event) => {
    const box = zone();
    if (!box || !event.target.closest || !event.target.closest("[data-choose]")) return;
    const chooser = document.createElement("input");
    chooser.type = "file";
    chooser.addEventListener("change", () => send(box, chooser.files[0]));
    chooser.click();
  });

  ["dragover", "dragleave", "drop"].forEach((kind) => document.addEventListener(kind, (event) => {
    const box = zone();
    if (!box) return;
    event.preventDefault();
    box.classList.toggle("over", kind === "dragover");
    if (kind === "drop") send(box, event.dataTransfer.files[0]);
  }));

  /* Another source or kind has other columns: what was said of single ones does not go with it. */
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form || !form.matches("form.match")) return;
    if (event.target.name === "source" || event.target.name === "kind") {
      for (const field of form.elements) if (/^(c\d+|w\..*)$/.test(field.name)) field.disabled = true;
    }
    form.classList.add("busy");
    if (event.target.matches("input[name=name]")) form.requestSubmit();
  }, true);

  /* A proposal is taken by one click: it is a choice of the same form. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("form.match [data-field]");
    if (!button) return;
    button.form.elements[button.dataset.field].value = button.dataset.value;
    button.form.classList.add("busy");
    button.form.requestSubmit();
  });

  /* What cannot be taken back by a button is asked for twice. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-sure]");
    if (!button || button.classList.contains("sure")) return;
    event.preventDefault();
    const said = button.textContent;
    button.classList.add("sure");
    button.textContent = button.dataset.sure;
    setTimeout(() => { button.classList.remove("sure"); button.textContent = said; }, 4000);
  });

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !button.dataset.busy) return;
    setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy; }, 0);
  });
})();
