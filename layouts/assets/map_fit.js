/* The view that shows every unit as large as the map allows, beside the legend and the controls, not under them. */
(function () {
  "use strict";
  const ROOM = 14, CLEAR = 8, STEP = 0.03, LEAST = 1.2;
  const OVER = ".board .lg, .board .seg, .board .zoom, .board .chip, .board .scale";

  /* Mercator coordinates of all corners of outlines, and their box. */
  function corners(outlines) {
    const { east, south } = window.linli.names, found = [];
    const walk = (part) => {
      if (typeof part[0] === "number") found.push([east(part[0]), south(part[1])]);
      else part.forEach(walk);
    };
    outlines.features.forEach((each) => walk(each.geometry.coordinates));
    return found;
  }

  /* Of many corners those that reach furthest towards one corner of the map: all that can lie under what stands there. */
  function reach(points, right, low) {
    const x = right ? -1 : 1, y = low ? -1 : 1;
    const order = points.slice().sort((a, b) => x * (a[0] - b[0]) || y * (a[1] - b[1]));
    let best = Infinity;
    return order.filter((point) => {
      const further = y * point[1] < best;
      if (further) best = y * point[1];
      return further;
    });
  }

  /* What stands over the map, each with the corners that could lie under it. */
  function obstacles(frame, points) {
    return Array.from(document.querySelectorAll(OVER)).map((each) => each.getBoundingClientRect())
      .filter((box) => box.width).map((box) => {
        const right = box.left + box.width / 2 > frame.left + frame.width / 2;
        const low = box.top + box.height / 2 > frame.top + frame.height / 2;
        return {
          left: box.left - frame.left - CLEAR, right: box.right - frame.left + CLEAR,
          top: box.top - frame.top - CLEAR, bottom: box.bottom - frame.top + CLEAR, points: reach(points, right, low),
        };
      });
  }

  /* Where everything stands that lies over the map, as a text to compare. */
  function covered() {
    return Array.from(document.querySelectorAll(OVER)).map((each) => each.getBoundingClientRect())
      .map((box) => [box.left, box.top, box.width, box.height].map(Math.round).join()).join(" ");
  }

  function free(over, world, x0, y0) {
    return over.every((each) => each.points.every(([mx, my]) => {
      const x = mx * world + x0, y = my * world + y0;
      return x < each.left || x > each.right || y < each.top || y > each.bottom;
    }));
  }

  /* Places to try inside the room that is left, the middle first. */
  function shifts(left) {
    return [0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75, -1, 1].map((part) => part * Math.max(left, 0) / 2);
  }

  /* [lon, lat, zoom], or null where there is nothing to show. */
  function view(outlines, box) {
    const points = corners(outlines);
    if (!points.length) return null;
    const xs = points.map((each) => each[0]), ys = points.map((each) => each[1]);
    const least = (list) => list.reduce((a, b) => Math.min(a, b)), most = (list) => list.reduce((a, b) => Math.max(a, b));
    const [left, right, top, bottom] = [least(xs), most(xs), least(ys), most(ys)];
    const middle = [(left + right) / 2, (top + bottom) / 2], over = obstacles(box, points);
    const side = Math.max((right - left) / (box.width - 2 * ROOM), (bottom - top) / (box.height - 2 * ROOM), 1e-9);
    const widest = Math.min(Math.log2(1 / side / 512), 18);
    for (let zoom = widest; zoom > widest - LEAST; zoom -= STEP) {
      const world = 512 * 2 ** zoom;
      const spare = [box.width - 2 * ROOM - (right - left) * world, box.height - 2 * ROOM - (bottom - top) * world];
      for (const dy of shifts(spare[1])) for (const dx of shifts(spare[0])) {
        if (free(over, world, box.width / 2 + dx - middle[0] * world, box.height / 2 + dy - middle[1] * world)) {
          return at(middle[0] - dx / world, middle[1] - dy / world, zoom);
        }
      }
    }
    return at(middle[0], middle[1], widest - LEAST / 2);
  }

  function at(mx, my, zoom) {
    return [mx * 360 - 180, window.linli.names.north(my), zoom];
  }

  window.linli = Object.assign(window.linli || {}, { fitted: view, covered });
})();
