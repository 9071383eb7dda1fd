/* The gazetteer: a click on the small map (assets/sketch.js moves it) fills in the point of an entry, one tick sets all. */
(function () {
  "use strict";

  const one = (selector) => document.querySelector(selector);

  /* The picture is asked again with the point as its mark. */
  function fill(image, spot) {
    for (const name of ["lon", "lat"]) one(`.book .entry [name="f.${name}"]`).value = spot[name].toFixed(6);
    const [path, query] = image.src.split("?");
    const asked = new URLSearchParams(query);
    asked.set("at", `${spot.lon.toFixed(6)},${spot.lat.toFixed(6)}`);
    image.src = path + "?" + asked;
  }

  document.addEventListener("click", (event) => {
    const image = event.target.closest && event.target.closest("img.sketch[data-fills]");
    if (image) fill(image, window.linli.sketch.place(image, event));
  });

  document.addEventListener("keydown", (event) => {
    const image = event.target.closest && event.target.closest("img.sketch[data-fills]");
    if (!image || event.code !== "Enter") return;
    event.preventDefault();
    fill(image, window.linli.sketch.view(image));
  });

  document.addEventListener("change", (event) => {
    const every = event.target.closest && event.target.closest(".judged .every input");
    if (!every) return;
    for (const tick of every.form.querySelectorAll("tbody input[type=checkbox]")) tick.checked = every.checked;
  });
})();
