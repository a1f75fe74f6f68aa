// Drag the query: scores, softmax weights and the weighted average follow.
const { keys, query, range } = data;
const names = keys.map((_, i) => String.fromCharCode(97 + i));
const colors = ["#0072b2", "#d55e00", "#009e73", "#b0569a"];
const size = 300;
const px = (v) => (size / 2) * (1 + v / range);
const svg = (tag, attributes, parent) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v);
  parent.append(node);
  return node;
};

root.innerHTML =
  '<div class="controls"><label>divide the scores by <input type="range" min="0" max="100" value="0"> <output></output></label>' +
  '<button type="button">back to the start</button></div>' +
  '<div style="display:flex;flex-wrap:wrap;gap:0.5rem 1.5rem;align-items:center">' +
  '<div class="plane" style="flex:0 1 18rem;touch-action:none"></div>' +
  '<table><thead><tr><th scope="col">key</th><th scope="col">q·k</th><th scope="col">weight</th><td style="width:5rem"></td></tr></thead><tbody></tbody></table></div>' +
  '<p class="say" aria-live="polite"></p>';
const slider = root.querySelector("input");
const shown = root.querySelector("output");
const say = root.querySelector(".say");
const plane = svg("svg", { viewBox: `0 0 ${size} ${size}`, width: size, height: size, role: "group", "aria-label": "The plane of keys and query" }, root.querySelector(".plane"));
svg("rect", { width: size, height: size, fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 }, plane);
svg("path", { d: `M0 ${size / 2}H${size}M${size / 2} 0V${size}`, stroke: "currentColor", "stroke-opacity": 0.25 }, plane);
keys.forEach((k, i) => {
  svg("line", { x1: px(0), y1: px(0), x2: px(k[0]), y2: px(-k[1]), stroke: colors[i], "stroke-width": 2 }, plane);
  svg("circle", { cx: px(k[0]), cy: px(-k[1]), r: 4, fill: colors[i] }, plane);
  const label = svg("text", { x: px(k[0]) + 8, y: px(-k[1]) + 5, fill: "currentColor", "font-size": 14 }, plane);
  label.textContent = names[i];
});
const arm = svg("line", { x1: px(0), y1: px(0), stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "5 4" }, plane);
const mix = svg("rect", { width: 12, height: 12, fill: "currentColor" }, plane);
const handle = svg("circle", { r: 9, fill: "none", stroke: "currentColor", "stroke-width": 3, tabindex: 0, role: "slider", "aria-label": "query, move with the arrow keys", "aria-valuemin": -range, "aria-valuemax": range, style: "cursor:grab;pointer-events:all" }, plane);
const rows = keys.map((k, i) => {
  const row = root.querySelector("tbody").insertRow();
  row.innerHTML = `<td>${names[i]} (${k.join(", ")})</td><td></td><td></td><td style="padding:0"><div style="height:0.9rem;background:${colors[i]}"></div></td>`;
  return row;
});

let q = [...query];
function update() {
  const divisor = 2 ** ((slider.value / 100) * 5);
  const scores = keys.map((k) => q[0] * k[0] + q[1] * k[1]);
  const top = Math.max(...scores);
  const e = scores.map((s) => Math.exp((s - top) / divisor));
  const total = e.reduce((a, b) => a + b);
  const weights = e.map((v) => v / total);
  const out = [0, 1].map((axis) => keys.reduce((sum, k, i) => sum + weights[i] * k[axis], 0));
  shown.textContent = divisor.toFixed(1);
  slider.setAttribute("aria-valuetext", divisor.toFixed(1));
  handle.setAttribute("cx", px(q[0]));
  handle.setAttribute("cy", px(-q[1]));
  handle.setAttribute("aria-valuenow", q[0].toFixed(1));
  handle.setAttribute("aria-valuetext", `${q[0].toFixed(1)}, ${q[1].toFixed(1)}`);
  arm.setAttribute("x2", px(q[0]));
  arm.setAttribute("y2", px(-q[1]));
  mix.setAttribute("x", px(out[0]) - 6);
  mix.setAttribute("y", px(-out[1]) - 6);
  rows.forEach((row, i) => {
    row.cells[1].textContent = scores[i].toFixed(1);
    row.cells[2].textContent = weights[i].toFixed(3);
    row.cells[3].firstChild.style.width = `${(100 * weights[i]).toFixed(1)}%`;
  });
  const best = weights.indexOf(Math.max(...weights));
  say.textContent = `query (${q.map((v) => v.toFixed(1)).join(", ")}): ${names[best]} gets ${weights[best].toFixed(3)}; the average (square) is at (${out.map((v) => v.toFixed(2)).join(", ")})`;
}
function move(x, y) {
  const keep = (v) => Math.max(-range, Math.min(range, v));
  q = [keep(x), keep(y)];
  update();
}
plane.addEventListener("pointerdown", (event) => {
  const follow = (e) => {
    const box = plane.getBoundingClientRect();
    move((((e.clientX - box.left) / box.width) * 2 - 1) * range, (1 - ((e.clientY - box.top) / box.height) * 2) * range);
  };
  follow(event);
  plane.setPointerCapture(event.pointerId);
  plane.addEventListener("pointermove", follow);
  plane.addEventListener("pointerup", () => plane.removeEventListener("pointermove", follow), { once: true });
});
handle.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-0.25, 0], ArrowRight: [0.25, 0], ArrowUp: [0, 0.25], ArrowDown: [0, -0.25] }[event.key];
  if (!step) return;
  event.preventDefault();
  move(q[0] + step[0], q[1] + step[1]);
});
slider.addEventListener("input", update);
root.querySelector("button").addEventListener("click", () => { slider.value = 0; move(...query); });
update();
