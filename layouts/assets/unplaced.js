/* The queue of unplaced facts: decisions by button, key or a click on the small map are handed to the server as one
   value. A picture is a middle and a width in degrees; layouts/sketch.py draws it by the same rule. */
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
    send(Object.assign({ fact: JSON.parse(panel.dataset.fact), remember: !!box && box.getAttribute("aria-checked") === "true" }, what));
  }

  function read(image) {
    return { lon: +image.dataset.lon, lat: +image.dataset.lat, span: +image.dataset.span };
  }

  function height(view, image) {
    return view.span * Math.cos(view.lat * Math.PI / 180) * image.height / image.width;
  }

  function show(image, view) {
    Object.assign(image.dataset, view);
    const asked = new URLSearchParams({ lon: view.lon.toFixed(6), lat: view.lat.toFixed(6), span: view.span.toFixed(6), at: image.dataset.at, theme: image.dataset.theme, tree: image.dataset.tree });
    image.src = image.src.split("?")[0] + "?" + asked;
  }

  function move(image, right, up, factor) {
    const view = read(image);
    const tall = height(view, image);
    show(image, { lon: view.lon + right * view.span, lat: view.lat + up * tall, span: Math.min(Math.max(view.span * factor, 0.0005), 20) });
  }

  function step(by) {
    const links = Array.from(document.querySelectorAll(".unplaced .queue .row-link"));
    const at = links.findIndex((link) => link.getAttribute("aria-current"));
    const to = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    if (to && to !== links[at]) window.linli.go(to.href);
  }

  document.addEventListener("click", (event) => {
    if (!shown() || !event.target.closest) return;
    const button = event.target.closest("[data-decide], [data-undo], [data-remember], [data-sketch]");
    const image = event.target.closest("img.sketch");
    if (button && button.dataset.decide) decide(JSON.parse(button.dataset.decide));
    else if (button && button.dataset.undo) send({ fact: JSON.parse(button.dataset.undo), undo: true });
    else if (button && "remember" in button.dataset) {
      button.setAttribute("aria-checked", button.getAttribute("aria-checked") === "true" ? "false" : "true");
    } else if (button) move(one("img.sketch"), 0, 0, button.dataset.sketch === "in" ? 0.5 : 2);
    else if (image && image.dataset.may) {
      const box = image.getBoundingClientRect();
      const view = read(image);
      decide({
        lon: view.lon + ((event.clientX - box.left) / box.width - 0.5) * view.span,
        lat: view.lat - ((event.clientY - box.top) / box.height - 0.5) * height(view, image),
      });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!shown() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || "") || one("dialog[open]")) return;
    const image = event.target.closest && event.target.closest("img.sketch");
    const pan = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.code];
    if (image && pan) move(image, pan[0], pan[1], 1);
    else if (image && event.code === "Enter" && image.dataset.may) decide({ lon: read(image).lon, lat: read(image).lat });
    else if (event.key === "+" || event.key === "=") move(one("img.sketch"), 0, 0, 0.5);
    else if (event.key === "-") move(one("img.sketch"), 0, 0, 2);
    else if (localStorage.getItem("linli-keys") === "off" || event.shiftKey) return;
    else if (event.code === "KeyY") {
      const best = one(".unplaced [data-decide]");
      if (best) best.click();
    } else if (event.code === "KeyJ") step(1);
    else if (event.code === "KeyK") step(-1);
    else return;
    event.preventDefault();
  });
})();
