/* The queue of unplaced facts: decisions by button, key or a click on the small map are handed to the server as one
   value. The map itself is moved by assets/sketch.js. */
(function () {
  "use strict";

  const one = (selector) => document.querySelector(selector);
  const shown = () => one(".page.unplaced");

  function send(what) {
    window.dash_clientside.set_props("unplaced-decided", { value: JSON.stringify(Object.assign(what, { turn: Date.now() })) });
  }

  function decide(what) {
    const panel = one(".unplaced .chosen");
    if (!panel) return;
    const box = one(".unplaced [data-remember]");
    panel.classList.add("busy"); // until the answer draws it anew
    send(Object.assign({ fact: JSON.parse(panel.dataset.fact), remember: !!box && box.getAttribute("aria-checked") === "true" }, what));
  }

  function step(by) {
    const links = Array.from(document.querySelectorAll(".unplaced .queue .row-link"));
    const at = links.findIndex((link) => link.getAttribute("aria-current"));
    const to = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    if (to && to !== links[at]) window.linli.go(to.href);
  }

  document.addEventListener("click", (event) => {
    if (!shown() || !event.target.closest) return;
    const button = event.target.closest("[data-decide], [data-undo], [data-remember]");
    const image = event.target.closest("img.sketch");
    if (button && button.dataset.decide) decide(JSON.parse(button.dataset.decide));
    else if (button && button.dataset.undo) send({ fact: JSON.parse(button.dataset.undo), undo: true });
    else if (button) {
      button.setAttribute("aria-checked", button.getAttribute("aria-checked") === "true" ? "false" : "true");
    } else if (image && image.dataset.may) decide(window.linli.sketch.place(image, event));
  });

  document.addEventListener("keydown", (event) => {
    if (!shown() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || "") || one("dialog[open]")) return;
    const image = event.target.closest && event.target.closest("img.sketch");
    if (image && event.code === "Enter" && image.dataset.may) {
      const { lon, lat } = window.linli.sketch.view(image);
      decide({ lon, lat });
    } else if (localStorage.getItem("linli-keys") === "off" || event.shiftKey) return;
    else if (event.code === "KeyY") {
      const best = one(".unplaced [data-decide]");
      if (best) best.click();
    } else if (event.code === "KeyJ") step(1);
    else if (event.code === "KeyK") step(-1);
    else return;
    event.preventDefault();
  });
})();
