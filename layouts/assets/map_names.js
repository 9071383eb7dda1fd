/* Where the names of units stand: inside their unit, beside points and other names, never on them. A unit too small
   for its name has none; where most are, the names of a level above stand instead, larger and wider set. */
(function () {
  "use strict";
  const FAMILY = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
  const pen = document.createElement("canvas").getContext("2d");
  const widths = new Map(), flat = new WeakMap();
  const GAP = 3, LINE = 15, MANY = 30, ROOMY = 12, DISC = 13;

  /* Steps away from a unit's label point, nearest first; sideways is cheaper than up and down. */
  const STEPS = [];
  for (let dx = -84; dx <= 84; dx += 12) for (let dy = -64; dy <= 64; dy += 8) STEPS.push([dx, dy]);
  STEPS.sort((a, b) => Math.hypot(a[0], a[1] * 1.3) - Math.hypot(b[0], b[1] * 1.3));

  function wide(text, font) {
    const key = font + text;
    if (!widths.has(key)) {
      pen.font = font;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  }

  /* ---- Mercator, 0 to 1 ---- */
  const east = (lon) => (lon + 180) / 360;
  const south = (lat) => (1 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / Math.PI) / 2;
  const north = (y) => (Math.atan(Math.exp((1 - 2 * y) * Math.PI)) - Math.PI / 4) * 360 / Math.PI;

  /* Rings of every unit as flat lists of Mercator coordinates, with their box; made once for each set of outlines. */
  function rings(outlines) {
    if (flat.has(outlines)) return flat.get(outlines);
    const found = new Map();
    for (const { properties, geometry } of outlines.features) {
      const all = geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates;
      const lists = all.map((ring) => Float64Array.from(ring.flatMap(([lon, lat]) => [east(lon), south(lat)])));
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (const ring of lists) for (let at = 0; at < ring.length; at += 2) {
        box[0] = Math.min(box[0], ring[at]); box[2] = Math.max(box[2], ring[at]);
        box[1] = Math.min(box[1], ring[at + 1]); box[3] = Math.max(box[3], ring[at + 1]);
      }
      found.set(properties.code, { lists, box });
    }
    flat.set(outlines, found);
    return found;
  }

  function inside(unit, x, y) {
    let odd = false;
    for (const ring of unit.lists) {
      for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
        const y0 = ring[before + 1], y1 = ring[at + 1];
        if ((y0 > y) !== (y1 > y) && x < (ring[before] - ring[at]) * (y - y1) / (y0 - y1) + ring[at]) odd = !odd;
      }
    }
    return odd;
  }

  const meet = (a, b, gap) => a[0] < b[2] + gap && b[0] < a[2] + gap && a[1] < b[3] + gap && b[1] < a[3] + gap;

  function around(x, y, label) {
    return [x - label.wide / 2, y - label.high / 2, x + label.wide / 2, y + label.high / 2];
  }

  /* The best place for one name, or null: whole inside its unit, clear of names and points. In a unit with room to
     spare it may touch a point where nothing else is left. */
  function spot(label, view, names, marks) {
    const unit = label.unit, box = unit && unit.box;
    if (box && ((box[2] - box[0]) * view.world < label.wide || (box[3] - box[1]) * view.world < label.high)) return null;
    const roomy = !box || (box[2] - box[0]) * (box[3] - box[1]) * view.world ** 2 > ROOMY * label.wide * label.high;
    let best = null, least = roomy ? Infinity : 1;
    for (const [dx, dy] of STEPS) {
      const x = label.x + dx, y = label.y + dy, here = around(x, y, label);
      if (box && (x < view.x(box[0]) || x > view.x(box[2]) || y < view.y(box[1]) || y > view.y(box[3]))) continue;
      if (names.some((each) => meet(here, each, GAP))) continue;
      const hit = marks.filter((each) => meet(here, each, 1)).length;
      if (hit >= least) continue;
      if (unit && ![0, 2].every((side) => [1, 3].every((end) => inside(unit, view.mx(here[side]), view.my(here[end]))))) continue;
      best = [x, y];
      least = hit;
      if (!hit) break;
    }
    return best;
  }

  function viewOf(map) {
    const { lng, lat } = map.getCenter(), world = 512 * 2 ** map.getZoom(), box = map.getContainer();
    const cx = east(lng), cy = south(lat), half = [box.clientWidth / 2, box.clientHeight / 2];
    return {
      world, width: box.clientWidth, height: box.clientHeight,
      x: (mx) => (mx - cx) * world + half[0], y: (my) => (my - cy) * world + half[1],
      mx: (x) => (x - half[0]) / world + cx, my: (y) => (y - half[1]) / world + cy,
    };
  }

  const seen = (view, x, y) => x > -40 && y > -40 && x < view.width + 40 && y < view.height + 40;

  /* Names with their places: `labels` as [{x, y, wide, high, unit, properties}], larger units first. */
  function placed(labels, view, marks) {
    const taken = [], found = [];
    for (const label of labels) {
      const at = spot(label, view, taken, marks);
      if (!at) continue;
      taken.push(around(at[0], at[1], label));
      found.push({ type: "Feature", properties: label.properties,
        geometry: { type: "Point", coordinates: [view.mx(at[0]) * 360 - 180, north(view.my(at[1]))] } });
    }
    return found;
  }

  function ownNames(properties, about, outlines, view) {
    const units = rings(outlines), found = [];
    properties.forEach((each, at) => {
      const lon = about.lon[at], lat = about.lat[at];
      if (!Number.isFinite(lon)) return;
      const x = view.x(east(lon)), y = view.y(south(lat)), unit = units.get(each.code);
      if (!seen(view, x, y)) return;
      const width = Math.max(wide(each.name, `600 12px ${FAMILY}`), wide(each.value, `400 11px ${FAMILY}`));
      found.push({ x, y, wide: width + 2, high: each.value ? 2 * LINE : LINE, unit, properties: each,
        size: unit ? (unit.box[2] - unit.box[0]) * (unit.box[3] - unit.box[1]) : 0 });
    });
    return found.sort((a, b) => b.size - a.size);
  }

  function upperNames(level, view) {
    return level.name.map((name, at) => ({
      x: view.x(east(level.lon[at])), y: view.y(south(level.lat[at])), high: 20, unit: null,
      wide: wide(name, `600 14px ${FAMILY}`) + name.length * 1.4, properties: { name },
    })).filter((each) => seen(view, each.x, each.y));
  }

  /* All names of a view: those of the units shown and, where most of these find no room, those of a level above:
     the finest with few enough names that still have it. */
  function arrange(map, about, properties, points, outlines) {
    const view = viewOf(map), half = 2 + 9 * Math.min(1, 0.55 + Math.max(0, map.getZoom() - 12) * 0.1125);
    const marks = points.lon.map((lon, at) => [view.x(east(lon)), view.y(south(points.lat[at])),
      points.customdata[at][0] === "count" ? DISC : half])
      .filter(([x, y]) => seen(view, x, y)).map(([x, y, reach]) => [x - reach, y - reach, x + reach, y + reach]);
    const own = ownNames(properties, about, outlines, view), names = placed(own, view, marks);
    if (names.length >= own.length / 2) return { names, above: [] };
    const levels = about.above.map((level) => upperNames(level, view)).filter((each) => each.length);
    const shown = levels.filter((each) => each.length <= MANY).pop() || [];
    return { names: [], above: placed(shown, view, marks) };
  }

  window.linli = Object.assign(window.linli || {}, { names: { arrange, east, south, north } });
})();
