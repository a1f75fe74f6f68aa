// data: {cases: [{text, tokens, logits}], start, k, p, temperature}: temperature, top-k
// and top-p on a model's next-token distribution, in either order.
const clean = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const named = (s) => ({ " ": "space", "\n": "newline" })[s] ?? s;

root.innerHTML = `<div class="controls">
  <label>After <select class="case"></select></label>
  <label>Temperature <input class="t" type="range" min="-70" max="70">
    <output></output></label>
  <label>Top-k <input class="k" type="range" min="1"> <output></output></label>
  <label>Top-p <input class="p" type="range" min="1" max="100"> <output></output></label>
  <label><input class="late" type="checkbox"> cut first, temperature last</label>
  <button type="button">back to the start</button></div>
  <div class="bars"></div><p class="say" role="status"></p>`;
const [pick, heat, top, mass, late] = ["case", "t", "k", "p", "late"].map((name) =>
  root.querySelector(`.${name}`),
);
const bars = root.querySelector(".bars");
const say = root.querySelector(".say");
data.cases.forEach((one, i) => {
  const last = one.text.split("\n").pop();
  pick.add(new Option(`“${last.trimStart()}”`, i));
});
top.max = data.cases[0].tokens.length;

function softmax(logits) {
  const e = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const total = e.reduce((a, b) => a + b);
  return e.map((x) => x / total);
}
function cut(logits, k, p) {
  // Tokens come sorted, the likeliest first: what stays is a beginning of the list.
  const first = logits.map((x, i) => (i < k ? x : -Infinity));
  let before = 0;
  return softmax(first).map((share, i) => {
    const stays = i < k && (p >= 1 || i === 0 || before < p - 1e-9);
    before += share;
    return stays ? logits[i] : -Infinity;
  });
}
function draw() {
  const { tokens, logits } = data.cases[pick.value];
  const t = 10 ** (heat.value / 100);
  const k = Number(top.value);
  const p = mass.value / 100;
  const warm = (x) => x.map((v) => v / t);
  const kept = softmax(late.checked ? warm(cut(logits, k, p)) : cut(warm(logits), k, p));
  const plain = softmax(logits);
  const shown = [t.toFixed(2), `${k} of ${tokens.length}`, p.toFixed(2)];
  [heat, top, mass].forEach((slider, i) => {
    slider.nextElementSibling.textContent = shown[i];
    slider.setAttribute("aria-valuetext", shown[i]);
  });
  const step = 22, left = 34, high = 150;
  // As many as the page is wide, so that a phone shows them in full size.
  const room = Math.floor(((bars.clientWidth || 640) - left - 4) / step);
  const n = Math.max(8, Math.min(24, room));
  const parts = tokens.slice(0, n).map((token, i) => {
    const x = left + i * step;
    const bar = (share, extra) =>
      `<rect x="${x + 2}" y="${10 + high * (1 - share)}" width="${step - 5}"
        height="${Math.max(0.5, high * share)}" ${extra}></rect>`;
    const label = { " ": "␣", "\n": "↵" }[token] ?? clean(token);
    return `<g><title>${clean(named(token))}: ${plain[i].toFixed(3)}, now
      ${kept[i].toFixed(3)}</title>
      ${kept[i] > 0 ? bar(kept[i], 'fill="#3a8fc7"') : ""}
      ${bar(plain[i], 'fill="none" stroke="currentColor"')}
      <text x="${x + step / 2}" y="${high + 28}" text-anchor="middle"
        fill="currentColor">${label}</text></g>`;
  });
  const wide = left + n * step + 4;
  bars.innerHTML = `<svg viewBox="0 0 ${wide} ${high + 36}" width="${wide}" role="img"
    font-size="13" font-family="sans-serif"
    aria-label="Probability of the next character, before and after">
    <path d="M${left} 10 V${10 + high} H${wide}" stroke="currentColor" fill="none"/>
    <text x="${left - 6}" y="16" text-anchor="end" fill="currentColor">1</text>
    <text x="${left - 6}" y="${14 + high}" text-anchor="end"
      fill="currentColor">0</text>${parts.join("")}</svg>`;
  const number = kept.filter((x) => x > 0).length;
  const entropy = kept.reduce((sum, x) => (x > 0 ? sum - x * Math.log2(x) : sum), 0);
  say.textContent =
    `${number} of ${tokens.length} characters can be drawn; entropy ` +
    `${entropy.toFixed(2)} bits; likeliest: ${named(tokens[0])} with ` +
    `${kept[0].toFixed(3)}. Outlines: the model's own distribution.`;
}
function reset() {
  pick.value = data.start;
  heat.value = 0;
  top.value = top.max;
  mass.value = 100;
  late.checked = false;
  draw();
}
for (const input of [pick, heat, top, mass, late]) input.addEventListener("input", draw);
root.querySelector("button").addEventListener("click", reset);
window.addEventListener("resize", draw);
reset();
