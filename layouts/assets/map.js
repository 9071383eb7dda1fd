/* Draws on the map what a figure of values cannot: hatch of units without data, names with their values, symbols of
   points, outlines of what is pointed at and selected, the card beside the pointer, the scale. All of it comes from
   the figure (`data` and `layout.meta`) and from the outlines the figure names; nothing is asked of another host. */
(function () {
  "use strict";
  const REGULAR = ["regular", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC"];
  const BOLD = ["semibold", ...REGULAR.slice(1)];
  const OVER = "over-fills", INVERTED = 120;
  const COUNTED = ["==", ["get", "kind"], "count"];
  const EMPTY = { type: "FeatureCollection", features: [] };
  const shapes = new Map();
  let arrived = (performance.getEntriesByType("navigation")[0] || {}).type || "navigate";
  let graph = null, drawn = "", moved = false, pointed = null;
  let touched = 0; // presses, turns of the wheel and keys so far

  const engine = () => {
    const plot = graph && graph._fullLayout && graph._fullLayout.map;
    return (plot && plot._subplot && plot._subplot.map) || null;
  };
  const meta = () => (graph && graph.layout && graph.layout.meta) || null;

  /* ---- outlines, kept by address ---- */
  function outlines(address) {
    if (!shapes.has(address)) {
      shapes.set(address, fetch(address).then((answer) => answer.json()).then((found) => ({
        type: "FeatureCollection",
        features: found.features.filter((each) => each.geometry).map((each) => ({
          type: "Feature", geometry: each.geometry, properties: { code: String(each.id) },
        })),
      })).catch(() => EMPTY));
    }
    return shapes.get(address);
  }

  /* ---- pictures drawn here: hatch and symbols ---- */
  function canvas(size, draw) {
    const scale = 2, box = document.createElement("canvas");
    box.width = box.height = size * scale;
    const pen = box.getContext("2d", { willReadFrequently: true });  // read back at once: no graphics card helps
    pen.scale(scale, scale);
    draw(pen);
    return pen.getImageData(0, 0, box.width, box.height);
  }

  function hatch(colours) {
    // One tile holds one period of the 45° lines. The engine stretches a pattern up to twofold between two whole
    // zooms, so 5 px between lines of 1.15 px become 7 px and 1.6 px in the middle.
    const exact = 7;
    return canvas(exact, (pen) => {
      pen.strokeStyle = colours.nodata;
      pen.lineWidth = 1.15;
      for (const shift of [-exact, 0, exact]) {
        pen.beginPath();
        pen.moveTo(shift - 2, exact + 2);
        pen.lineTo(shift + exact + 2, -2);
        pen.stroke();
      }
    });
  }

  const SYMBOLS = {
    case: ["bad", (pen) => pen.arc(9, 9, 5.2, 0, 7)],
    open: ["surface", (pen) => pen.arc(9, 9, 4.2, 0, 7), "bad"],
    order: ["accent", (pen) => pen.rect(4.4, 4.4, 9.2, 9.2)],
    alert: ["warn", (pen) => { pen.moveTo(9, 2.6); pen.lineTo(15, 13.4); pen.lineTo(3, 13.4); pen.closePath(); }],
    parking: ["t1", (pen) => { pen.moveTo(9, 2.8); pen.lineTo(15.2, 9); pen.lineTo(9, 15.2); pen.lineTo(2.8, 9); pen.closePath(); }],
  };

  function pictures(map, colours) {
    if (map.hasImage("linli-hatch")) return;
    map.addImage("linli-hatch", hatch(colours), { pixelRatio: 2 });
    disc(map, colours);
    for (const [name, [colour, draw, ring]] of Object.entries(SYMBOLS)) {
      map.addImage(`linli-${name}`, canvas(18, (pen) => {
        pen.beginPath();
        draw(pen);
        pen.lineJoin = "round";
        pen.lineWidth = ring ? 6 : 3.2;
        pen.strokeStyle = colours.surface;
        pen.stroke();
        if (ring) {
          pen.lineWidth = 2.4;
          pen.strokeStyle = colours[ring];
          pen.stroke();
        }
        pen.fillStyle = colours[colour];
        pen.fill();
      }), { pixelRatio: 2 });
    }
  }

  /* A disc that grows with its number: the middle column is stretched, the text keeps to the inner box. */
  function disc(map, colours) {
    const size = 24, middle = size;  // at two pixels a point
    const picture = canvas(size, (pen) => {
      pen.beginPath();
      pen.arc(size / 2, size / 2, size / 2 - 2, 0, 7);
      pen.fillStyle = colours.surface;
      pen.fill();
      pen.lineWidth = 1.6;
      pen.strokeStyle = colours.t1;
      pen.stroke();
    });
    map.addImage("linli-count", picture, { pixelRatio: 2, stretchX: [[middle - 1, middle + 1]], content: [10, 10, 38, 38] });
  }

  /* ---- layers ---- */
  const is = (code) => ["==", ["get", "code"], code === null || code === undefined ? "" : code];

  function layers(map, colours) {
    if (map.getLayer("linli-hatch")) return;
    const geo = (name) => map.getSource(name) || map.addSource(name, { type: "geojson", data: EMPTY });
    ["linli-units", "linli-names", "linli-above", "linli-points"].forEach(geo);
    const line = (id, colour, width, dash) => map.addLayer({
      id, type: "line", source: "linli-units", filter: is(null), layout: { "line-join": "round" },
      paint: Object.assign({ "line-color": colour, "line-width": width }, dash ? { "line-dasharray": dash } : {}),
    });
    map.addLayer({ id: "linli-hatch", type: "fill", source: "linli-units", filter: is(null),
      paint: { "fill-pattern": "linli-hatch" } }, map.getLayer(OVER) ? OVER : undefined);
    // Unseen fills that answer the pointer, so that a finger without a hover before it works too.
    map.addLayer({ id: "linli-area", type: "fill", source: "linli-units", paint: { "fill-opacity": 0 } }, "linli-hatch");
    line("linli-hover-halo", colours.surface, 4.5);
    line("linli-hover", colours.accent, 2, [2.5, 1.5]);
    line("linli-chosen-halo", colours.surface, 7);
    line("linli-chosen", colours.accent, 3.2);
    // What lies further up is placed first: units before points before roads.
    map.addLayer({ id: "linli-counts", type: "symbol", source: "linli-points", filter: COUNTED,
      layout: { "icon-image": "linli-count", "icon-text-fit": "both", "icon-text-fit-padding": [0, 2, 0, 2],
        "text-field": ["to-string", ["get", "n"]], "text-font": BOLD, "text-size": 11, "text-padding": 0,
        "symbol-sort-key": ["-", ["get", "n"]] },
      paint: { "text-color": colours.t1 } });
    map.addLayer({ id: "linli-points", type: "symbol", source: "linli-points", filter: ["!", COUNTED],
      layout: { "icon-image": ["concat", "linli-", ["get", "kind"]], "icon-allow-overlap": true, "icon-padding": 1,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.55, 14.5, 0.8, 16, 1] } });
    map.addLayer({ id: "linli-names", type: "symbol", source: "linli-names",
      layout: {
        "text-field": ["format", ["get", "name"], { "text-font": ["literal", BOLD] },
          ["case", ["==", ["get", "value"], ""], "", "\n"], {}, ["get", "value"], { "text-font": ["literal", REGULAR], "font-scale": 0.92 }],
        "text-font": BOLD, "text-size": 12, "text-line-height": 1.2, "text-max-width": 40, "text-padding": 1,
      },
      paint: { "text-color": ["case", ["get", "inverse"], colours.ink, colours.label],
        "text-halo-color": ["case", ["get", "inverse"], ["get", "fill"], colours.halo],
        "text-halo-width": ["case", ["get", "inverse"], 1.2, 1.6] } });
    map.addLayer({ id: "linli-above", type: "symbol", source: "linli-above",
      layout: { "text-field": ["get", "name"], "text-font": BOLD, "text-size": 14, "text-letter-spacing": 0.1,
        "text-max-width": 40, "text-allow-overlap": true },
      paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 2 } });
  }

  /* What a name says: one entry a unit, in the order of the figure. */
  function names(about, fill) {
    const scale = fill.colorscale, steps = scale.length / 2;
    return fill.locations.map((code, at) => {
      const step = fill.z[at];
      return { code, name: fill.text[at], value: fill.customdata[at][0] || fill.customdata[at][3],
        inverse: about.inverse.includes(step), fill: scale[Math.min(step + 1, steps - 1) * 2][1] };
    });
  }

  async function arrange() {
    const map = engine(), about = meta();
    if (!map || !about || !map.getSource("linli-names")) return;
    const found = about.shapes ? await outlines(about.shapes) : EMPTY;
    if (map !== engine() || about !== meta()) return;
    const [fill, points] = graph.data;
    const { names: own, above } = window.linli.names.arrange(map, about, names(about, fill), points, found);
    map.getSource("linli-names").setData({ type: "FeatureCollection", features: own });
    map.getSource("linli-above").setData({ type: "FeatureCollection", features: above });
  }

  const sum = (counts) => (Array.isArray(counts) ? counts.reduce((all, each) => all + each, 0) : 0);
  /* Names of places over fills on which text is inverted. More than so many units are left as they are. */
  function invert(map, outlines, codes) {
    if (!map.getLayer("place-names-inverse")) return;
    const dark = new Set(codes.length <= INVERTED ? codes : []), parts = [];
    for (const { properties, geometry } of outlines.features) {
      if (dark.has(properties.code)) parts.push(...(geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates]));
    }
    const over = parts.length ? ["within", { type: "MultiPolygon", coordinates: parts }] : ["boolean", false];
    map.setFilter("place-names", parts.length ? ["!", over] : null);
    map.setFilter("place-names-inverse", over);
  }

  function marks(points) {
    return { type: "FeatureCollection", features: points.lon.map((lon, at) => ({ type: "Feature",
      geometry: { type: "Point", coordinates: [lon, points.lat[at]] }, properties: { kind: points.customdata[at][0], at, n: sum(points.customdata[at][2]) } })) };
  }

  /* ---- view: fitted to the outlines on arrival, as it was on the way back ---- */
  const memory = () => `linli-view:${meta().shapes}`;

  function keep() {
    const map = engine();
    if (!map) return;
    const { lng, lat } = map.getCenter();
    sessionStorage.setItem(memory(), JSON.stringify([lng, lat, map.getZoom()]));
  }

  function look(lon, lat, zoom) {
    const map = engine();
    if (!map || !window.Plotly) return;
    map.jumpTo({ center: [lon, lat], zoom });
    // A page that is left while it is drawn takes the graph away under the drawing; nothing is amiss then.
    const mine = graph;
    window.Plotly.relayout(mine, { "map.center": { lon, lat }, "map.zoom": zoom })
      .catch((error) => { if (mine.isConnected && mine._fullLayout) throw error; });
  }

  function fit(found) {
    const view = engine() && window.linli.fitted(found, graph.getBoundingClientRect());
    if (view) look(...view);
    moved = false;
  }

  function arrive(found) {
    const kept = sessionStorage.getItem(memory());
    const back = arrived === "reload" || arrived === "back_forward";
    arrived = "navigate";
    const aim = kept && back ? () => look(...JSON.parse(kept)) : () => fit(found);
    aim();
    moved = Boolean(kept && back);
    // The first drawings may still put the view they began with over ours, on a slow machine after many seconds, and
    // legend or chip may grow over it: look again until somebody touches the page.
    const map = engine(), mine = drawn, begun = touched;
    let zoom = map.getZoom(), over = window.linli.covered();
    const timer = setInterval(again, 250);
    map.on("idle", again);
    function again() {
      if (map !== engine() || drawn !== mine || touched !== begun) {
        clearInterval(timer);
        map.off("idle", again);
      } else if (Math.abs(map.getZoom() - zoom) > 0.001 || window.linli.covered() !== over) {
        over = window.linli.covered();
        aim();
        zoom = map.getZoom();
      }
    }
  }

  for (const kind of ["pointerdown", "wheel", "keydown"]) {
    document.addEventListener(kind, () => { touched += 1; }, { capture: true, passive: true });
  }
  window.addEventListener("popstate", () => { arrived = "back_forward"; });

  /* ---- one pass after each drawing ---- */
  async function sync() {
    const map = engine(), about = meta();
    if (!map || !about || !graph.data || !graph.data.length) return;
    // The style's own layers are enough to begin; to wait until the map is idle would draw everything twice.
    if (!map.getLayer(OVER)) {
      map.once("styledata", sync);
      return;
    }
    const [fill, points] = graph.data;
    pictures(map, about.theme);
    layers(map, about.theme);
    const found = about.shapes ? await outlines(about.shapes) : EMPTY;
    if (map !== engine() || about.shapes !== meta().shapes) return;
    if (map.linli !== about.shapes) {
      map.getSource("linli-units").setData(found);
      map.linli = about.shapes;
    }
    const without = fill.locations.filter((_, at) => fill.z[at] < 0);
    map.setFilter("linli-hatch", ["in", ["get", "code"], ["literal", without]]);
    map.getSource("linli-points").setData(marks(points));
    invert(map, found, fill.locations.filter((_, at) => about.inverse.includes(fill.z[at])));
    if (drawn !== about.shapes) {
      drawn = about.shapes;
      window.linli.chosen = null;
      outline(null);
      arrive(found);
      if (!map.linliScale) {
        map.linliScale = true;
        map.on("move", scale);
        map.on("moveend", arrange);
        map.on("moveend", (event) => { if (event.originalEvent) { moved = true; keep(); } });
        map.on("mousemove", show);
        map.on("mouseout", hide);
        map.on("click", click);
      }
    } else {
      arrived = "navigate"; // the same units: the view stays
      if (window.linli.chosen) window.linli.select(window.linli.chosen, { still: true });
    }
    scale();
    await arrange();
    const ready = `${location.pathname} ${about.shapes}`;
    map.once("idle", () => { if (graph) graph.dataset.ready = ready; });
    map.triggerRepaint();
  }

  function outline(code) {
    const map = engine();
    if (!map || !map.getLayer("linli-chosen")) return;
    for (const id of ["linli-chosen-halo", "linli-chosen"]) map.setFilter(id, is(code));
  }

  function point(code) {
    const map = engine();
    if (pointed === code || !map || !map.getLayer("linli-hover")) return;
    pointed = code;
    for (const id of ["linli-hover-halo", "linli-hover"]) map.setFilter(id, is(code));
  }

  /* ---- the card beside the pointer ---- */
  const card = () => document.querySelector(".page.map .hov");

  function line(box, parts) {
    const row = document.createElement("div");
    for (const [text, name] of parts) {
      if (!text) continue;
      const piece = document.createElement("span");
      if (name) piece.className = name;
      piece.textContent = text;
      row.append(piece);
    }
    if (row.childNodes.length) box.append(row);
  }

  /* What lies under the pointer: a point before the unit it stands in. */
  function under(map, event) {
    if (!map.getLayer("linli-area") || !map.getLayer("linli-points")) return null;
    const near = [[event.point.x - 2, event.point.y - 2], [event.point.x + 2, event.point.y + 2]];
    const mark = map.queryRenderedFeatures(near, { layers: ["linli-points", "linli-counts"] })[0];
    if (mark) return { mark: graph.data[1].customdata[mark.properties.at] };
    const area = map.queryRenderedFeatures(event.point, { layers: ["linli-area"] })[0];
    const at = area ? graph.data[0].locations.indexOf(area.properties.code) : -1;
    return at < 0 ? null : { code: area.properties.code, at };
  }

  function show(event) {
    const map = engine(), box = card(), about = meta(), hit = map && box && about && under(map, event);
    if (!hit) {
      hide();
      return;
    }
    box.replaceChildren();
    if (hit.mark) {
      const [kind, title, detail] = hit.mark;
      line(box, [[about.card.points[kind], "b"]]);
      line(box, [[kind === "count" ? title : title.split("/").pop(), ""]]);
      line(box, [[kind === "count" ? byKind(detail, about.card.points) : detail, "t2"]]);
    } else {
      const fill = graph.data[0], [value, base, rank, verdict] = fill.customdata[hit.at];
      const where = document.querySelector(".crumb a:last-of-type");
      line(box, [[fill.text[hit.at], "b"], [where ? where.textContent : "", "t3"]]);
      line(box, [[about.card.title, ""], [value && `${value} ${about.card.unit}`, "b"], [verdict, "t2"]]);
      line(box, [[base && about.card.base.replace("@", base), "t2"], [rank && about.card.rank.replace("@", rank), "t2"]]);
    }
    point(hit.mark ? null : hit.code);
    map.getCanvas().style.cursor = hit.mark ? "default" : "pointer";
    box.hidden = false;
    place(box, event.originalEvent);
  }

  /* "Overdue 3 · Open case 12": the kinds a disc counts, in the order the server counts them. */
  function byKind(counts, titles) {
    const names = Object.values(titles);
    return counts.map((n, at) => (n ? `${names[at]} ${n}` : "")).filter(Boolean).join(" · ");
  }

  function place(box, event) {
    const frame = box.parentElement.getBoundingClientRect();
    const at = { x: (event ? event.clientX : frame.left) - frame.left, y: (event ? event.clientY : frame.top) - frame.top };
    const wide = box.offsetWidth, high = box.offsetHeight;
    box.style.left = `${at.x + 16 + wide > frame.width ? Math.max(at.x - wide - 12, 4) : at.x + 16}px`;
    box.style.top = `${at.y + 18 + high > frame.height ? Math.max(at.y - high - 12, 4) : at.y + 18}px`;
  }

  function hide() {
    const box = card();
    if (box) box.hidden = true;
    point(null);
  }

  function click(event) {
    const map = engine(), about = meta();
    // A symbol has nowhere to lead; the unit it stands in has.
    const area = map && about && map.getLayer("linli-area") && map.queryRenderedFeatures(event.point, { layers: ["linli-area"] })[0];
    if (!area) return;
    const code = area.properties.code;
    hide();
    if (about.go) window.linli.go(about.go.replace("@", encodeURIComponent(code)));
    else window.linli.select(code);
  }

  /* ---- scale ---- */
  function scale() {
    const map = engine(), box = document.querySelector(".page.map .scale");
    if (!map || !box) return;
    const metres = 40075016.686 * Math.cos(map.getCenter().lat * Math.PI / 180) / (512 * 2 ** map.getZoom());
    const most = 130 * metres, ten = 10 ** Math.floor(Math.log10(most));
    const round = [5, 2, 1].map((step) => step * ten).find((step) => step <= most);
    box.firstElementChild.style.width = `${round / metres}px`;
    const key = round >= 1000 ? "km" : "m";
    box.lastElementChild.textContent = box.dataset[key].replace("@", round >= 1000 ? round / 1000 : round);
  }

  /* ---- what is on the page around the map ---- */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("[data-zoom]");
    const map = engine();
    if (button && map) {
      if (button.dataset.zoom === "all") fit(await outlines(meta().shapes));
      else {
        const { lng, lat } = map.getCenter();
        look(lng, lat, map.getZoom() + (button.dataset.zoom === "in" ? 0.75 : -0.75));
        moved = true;
        keep();
      }
      return;
    }
    const late = event.target.closest && event.target.closest("tr[data-lon]");
    if (late && late.dataset.lon && map) {
      look(Number(late.dataset.lon), Number(late.dataset.lat), Math.max(map.getZoom(), 16.5));
      moved = true;
    }
    const grip = event.target.closest && event.target.closest(".grip");
    if (grip) {
      const side = grip.parentElement, stops = ["peek", "half", "full"];
      const at = stops.findIndex((stop) => side.classList.contains(stop));
      side.classList.remove(...stops);
      side.classList.add(stops[(at + 1) % stops.length]);
      window.dispatchEvent(new Event("resize"));
    }
  });
  for (const [name, over] of [["mouseover", true], ["mouseout", false]]) {
    document.addEventListener(name, (event) => {
      const row = event.target.closest && event.target.closest("table.ranking tbody tr[data-code]");
      if (row) point(over ? row.dataset.code : null);
    });
  }
  window.addEventListener("resize", () => {
    clearTimeout(window.linli.fitting);
    window.linli.fitting = setTimeout(async () => { if (!moved && meta() && meta().shapes) fit(await outlines(meta().shapes)); }, 250);
  });

  /* ---- a graph comes and goes with its page ---- */
  function attach() {
    const found = document.querySelector("#map-graph .js-plotly-plot");
    if (!found || found === graph || !found.on) return;
    graph = found;
    drawn = "";
    found.on("plotly_afterplot", sync);
    sync();
  }
  new MutationObserver(attach).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  window.linli = Object.assign(window.linli || {}, { outline });
})();
