// data: {weights, symbols, best, text}. The GRU runs here, in torch.nn's convention:
// gates r, z, n stacked in each weight, z the share of the old state.
const w = data.weights;
const hidden = w.weight_hh_l0[0].length;
const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const dot = (row, v) => row.reduce((sum, a, i) => sum + a * v[i], 0);

function run(text) {
  let h = new Array(hidden).fill(0);
  return [...text].map((symbol) => {
    const column = data.symbols.indexOf(symbol);
    const x = w.weight_ih_l0.map((row, i) => row[column] + w.bias_ih_l0[i]);
    const u = w.weight_hh_l0.map((row, i) => dot(row, h) + w.bias_hh_l0[i]);
    const write = [];
    h = h.map((old, i) => {
      const r = sigmoid(x[i] + u[i]);
      const z = sigmoid(x[hidden + i] + u[hidden + i]);
      const n = Math.tanh(x[2 * hidden + i] + r * u[2 * hidden + i]);
      write.push(1 - z);
      return z * old + (1 - z) * n;
    });
    const scores = w.weight.map((row, i) => dot(row, h) + w.bias[i]);
    const named = data.symbols[scores.indexOf(Math.max(...scores))];
    return { symbol, write, named };
  });
}

root.innerHTML = `<div class="controls">
  <label>Stream of a, b, c, d and @
    <input type="text" maxlength="60" spellcheck="false"
      autocapitalize="off" autocomplete="off"></label>
  <label>Unit <select class="unit"></select></label></div>
  <div class="bars" role="group" aria-label="Write gate by symbol"></div>
  <p class="say" role="status"></p>`;
const input = root.querySelector("input");
const unit = root.querySelector("select");
const bars = root.querySelector(".bars");
const say = root.querySelector(".say");
input.value = data.text;
input.size = 24;
for (let i = 0; i < hidden; i++) {
  const name = i === data.best ? `${i + 1} (the best switch)` : i + 1;
  unit.add(new Option(name, i, i === data.best, i === data.best));
}
unit.add(new Option("mean of all", "mean"));
const step = 26, left = 50, height = 100;

function picture(line, gate) {
  const text = (x, y, s, extra = "") =>
    `<text x="${x}" y="${y}" fill="currentColor" ${extra}>${s}</text>`;
  const parts = line.map((s, t) => {
    const x = left + t * step, g = gate(s);
    return `<g><title>${s.symbol}: gate ${g.toFixed(2)}, names ${s.named}</title>
      <rect x="${x + 2}" y="${10 + height * (1 - g)}" width="${step - 6}"
        height="${Math.max(1, height * g)}" fill="#3a8fc7"></rect>
      ${text(x + step / 2 - 1, height + 28, s.symbol, 'text-anchor="middle"')}
      ${text(x + step / 2 - 1, height + 48, s.named, 'text-anchor="middle"')}</g>`;
  });
  const wide = left + line.length * step + 4;
  return `<svg width="${wide}" height="${height + 58}" role="img"
      style="max-width: none" font-size="13" font-family="sans-serif"
      aria-label="Write gate of the chosen unit at each symbol">
    <path d="M${left} 10 V${10 + height} H${wide}" stroke="currentColor" fill="none"/>
    ${text(left - 6, 16, "1", 'text-anchor="end"')}
    ${text(left - 6, 14 + height, "0", 'text-anchor="end"')}
    ${text(left - 6, 65, "gate", 'text-anchor="end"')}
    ${text(left - 6, height + 28, "reads", 'text-anchor="end"')}
    ${text(left - 6, height + 48, "names", 'text-anchor="end"')}${parts.join("")}</svg>`;
}

function draw() {
  const wrong = [...input.value].find((s) => !data.symbols.includes(s));
  if (wrong !== undefined || !input.value) {
    say.textContent = input.value
      ? `“${wrong}” is unknown to this network: it has read a, b, c, d and @ only.`
      : "Type a letter.";
    return;
  }
  const steps = run(input.value);
  const gate = ({ write }) =>
    unit.value === "mean"
      ? write.reduce((a, b) => a + b) / hidden
      : write[unit.value];
  // As many symbols a line as the page is wide, so that a phone shows all of them.
  const room = Math.max(5, Math.floor(((bars.clientWidth || 640) - left - 4) / step));
  const lines = [];
  for (let t = 0; t < steps.length; t += room) lines.push(steps.slice(t, t + room));
  bars.innerHTML = lines.map((line) => picture(line, gate)).join("");
  const open = steps.filter((s) => gate(s) > 0.5).length;
  const last = steps[steps.length - 1];
  say.textContent =
    `Open at ${open} of ${steps.length} symbols. After the last, “${last.symbol}”, ` +
    `the gate stands at ${gate(last).toFixed(2)} and the network names ${last.named}.`;
}
input.addEventListener("input", draw);
unit.addEventListener("change", draw);
window.addEventListener("resize", draw);
draw();
