// data: {probabilities, labels}: of class 1, and the right class of each. A threshold to
// move, the four counts, precision, recall and F1.
const { probabilities, labels } = data;
const number = 25;
const colors = ["#d55e00", "#3a8fc7"];
const names = ["negative", "positive"];
root.innerHTML = `<div class="controls">
  <label>told positive above <input type="range" min="0" max="100" value="50">
    <output></output></label>
  <button type="button">back to 0.50</button></div>
  <div class="plot"></div>
  <p class="legend" style="font-size:0.85rem;margin:0.2rem 0">${names
    .map((name, i) => `<span style="display:inline-block;width:0.8em;height:0.8em;background:${colors[i]}"></span> ${name} reviews &nbsp; `)
    .join("")}</p><p class="say" role="status"></p>`;
const slider = root.querySelector("input");
const shown = root.querySelector("output");
const plot = root.querySelector(".plot");
const say = root.querySelector(".say");

const counts = names.map(() => new Array(number).fill(0));
probabilities.forEach((p, i) => {
  counts[labels[i]][Math.min(number - 1, Math.floor(p * number))] += 1;
});
const wide = 520, high = 70, left = 8;
// The root of a count: the ends hold hundreds, the middle one or two.
const tall = (n) => (high * Math.sqrt(n)) / Math.sqrt(Math.max(...counts.flat()));

function draw() {
  const t = slider.value / 100;
  const step = (wide - 2 * left) / number;
  const bars = counts.map((row, label) =>
    row.map((n, b) => {
      const h = tall(n);
      const y = label ? high + 4 - h : high + 6;
      return `<rect x="${left + b * step + 1}" y="${y}" width="${step - 2}" height="${h}"
        fill="${colors[label]}"><title>${n} ${names[label]}</title></rect>`;
    }).join(""),
  ).join("");
  const x = left + t * (wide - 2 * left);
  plot.innerHTML = `<svg viewBox="0 0 ${wide} ${2 * high + 28}" width="${wide}" role="img"
    font-size="13" font-family="sans-serif"
    aria-label="Probabilities of positive and negative reviews, and the threshold">
    ${bars}<path d="M${x} 0 V${2 * high + 10}" stroke="currentColor" stroke-width="2"
      stroke-dasharray="5 3"/>
    ${[0, 0.5, 1].map((v) => `<text x="${left + v * (wide - 2 * left)}" y="${2 * high + 25}"
      text-anchor="${v === 0 ? "start" : v === 1 ? "end" : "middle"}"
      fill="currentColor">${v}</text>`).join("")}</svg>`;
  let hit = 0, alarm = 0, missed = 0;
  probabilities.forEach((p, i) => {
    if (p > t) labels[i] ? (hit += 1) : (alarm += 1);
    else if (labels[i]) missed += 1;
  });
  const rest = probabilities.length - hit - alarm - missed;
  const share = (a, b) => (b ? (a / b).toFixed(3) : "undefined");
  shown.textContent = t.toFixed(2);
  slider.setAttribute("aria-valuetext", t.toFixed(2));
  say.textContent =
    `${hit} positive found, ${missed} missed, ${alarm} false alarms, ${rest} negative ` +
    `left alone. Precision ${share(hit, hit + alarm)}, recall ` +
    `${share(hit, hit + missed)}, F1 ${share(2 * hit, 2 * hit + alarm + missed)}.`;
}
slider.addEventListener("input", draw);
root.querySelector("button").addEventListener("click", () => {
  slider.value = 50;
  draw();
});
draw();
