/* The small maps that layouts/sketch.py draws. A picture is a middle and a width in degrees, which stand in its
   address. Buttons, arrow keys and dragging move it; pictures beside each other move together. */
(function () {
  "use strict";

  const NEAREST = 0.0005;
  const WIDEST = 20;
  const STILL = 4; // pixels within which a press is no drag
  let held = null; // the press that may become a drag: where it began, the picture, how far it has come

  const all = () => Array.from(document.querySelectorAll("img.sketch"));

  function view(image) {
    const asked = new URLSearchParams(image.src.split("?")[1]);
    return { lon: +asked.get("lon"), lat: +asked.get("lat"), span: +asked.get("span") };
  }

  function tall(at, image) {
    return at.span * Math.cos(at.lat * Math.PI / 180) * image.height / image.width;
  }

  /* Parts of the width to the right and of the height upwards, then as many times as wide. */
  function move(right, up, factor) {
    for (const image of all()) {
      const [path, query] = image.src.split("?");
      const asked = new URLSearchParams(query), at = view(image);
      asked.set("lon", (at.lon + right * at.span).toFixed(6));
      asked.set("lat", (at.lat + up * tall(at, image)).toFixed(6));
      asked.set("span", Math.min(Math.max(at.span * factor, NEAREST), WIDEST).toFixed(6));
      image.src = path + "?" + asked;
    }
  }

  /* The place a press points at, in degrees. */
  function place(image, event) {
    const box = image.getBoundingClientRect(), at = view(image);
    return {
      lon: at.lon + ((event.clientX - box.left) / box.width - 0.5) * at.span,
      lat: at.lat - ((event.clientY - box.top) / box.height - 0.5) * tall(at, image),
    };
  }

  /* A click where something lies: the server is asked what that is, with the picture where it stands. */
  function point(image, event) {
    const to = new URL(image.dataset.near, location.href), at = view(image), spot = place(image, event);
    for (const name of ["lon", "lat", "span"]) to.searchParams.set(name, at[name].toFixed(6));
    to.searchParams.set("near", `${spot.lon.toFixed(6)},${spot.lat.toFixed(6)}`);
    window.linli.go(to.href);
  }

  /* What was dragged stays where it is until the picture of its new place has come. */
  function settle(image) {
    const done = () => { image.style.transform = ""; };
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", done, { once: true });
  }

  document.addEventListener("dragstart", (event) => {
    if (event.target.matches && event.target.matches("img.sketch")) event.preventDefault();
  });

  document.addEventListener("pointerdown", (event) => {
    const image = event.button === 0 && event.target.closest && event.target.closest("img.sketch");
    held = image ? { image, x: event.clientX, y: event.clientY, right: 0, down: 0 } : null;
  });

  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    held.right = event.clientX - held.x;
    held.down = event.clientY - held.y;
    if (!held.dragged && Math.hypot(held.right, held.down) <= STILL) return;
    held.dragged = true;
    for (const image of all()) image.style.transform = `translate(${held.right}px, ${held.down}px)`;
  });

  document.addEventListener("pointerup", () => {
    if (!held || !held.dragged) return;
    const box = held.image.getBoundingClientRect();
    all().forEach(settle);
    move(-held.right / box.width, held.down / box.height, 1);
  });

  document.addEventListener("pointercancel", () => {
    for (const image of all()) image.style.transform = "";
    held = null;
  });

  /* The click that ends a drag is none; the other way of looking begins where this one stands. */
  document.addEventListener("click", (event) => {
    const dragged = held && held.dragged;
    held = null;
    if (dragged) return event.stopImmediatePropagation();
    const button = event.target.closest && event.target.closest("[data-sketch]");
    if (button) return move(0, 0, button.dataset.sketch === "in" ? 0.5 : 2);
    const image = event.target.closest && event.target.closest("img.sketch[data-near]");
    if (image && image.dataset.near) return point(image, event);
    const link = event.target.closest && event.target.closest(".sketches .seg a");
    if (!link || !all().length) return;
    const to = new URL(link.href), at = view(all()[0]);
    for (const name of ["lon", "lat", "span"]) to.searchParams.set(name, at[name].toFixed(6));
    link.href = to.href;
  }, true);

  document.addEventListener("keydown", (event) => {
    if (!all().length || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || "") || document.querySelector("dialog[open]")) return;
    const pan = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.code];
    if (pan && event.target.matches && event.target.matches("img.sketch")) move(pan[0], pan[1], 1);
    else if (event.key === "+" || event.key === "=") move(0, 0, 0.5);
    else if (event.key === "-") move(0, 0, 2);
    else return;
    event.preventDefault();
  });

  window.linli = Object.assign(window.linli || {}, { sketch: { view, place } });
})();
