// data: {families, options, presets, checks}. A family has parts; a part has, for each
// setting of the switches, a formula as [factor, letters] terms: [4, "Ldd"] is 4·L·d².
const LABELS = {
  L: "layers L", d: "width d", h: "heads h", m: "feed-forward, times d",
  V: "vocabulary V", n: "positions n",
};
const SWITCHES = {
  tied: "head tied to the table", biases: "biases", shared: "all layers share one set",
};
const COLORS = {
  "token table": "#0072b2", "position table": "#56b4e9", attention: "#d55e00",
  "feed-forward": "#009e73", "token scores": "#e69f00",
};
const number = new Intl.NumberFormat("en-US");

function count(s) {
  const sizes = { ...s, f: s.m * s.d };
  const key = `${s.tied ? "tied" : "untied"}, ${s.biases ? "biases" : "none"}`;
  const rows = data.families[s.family].map(({ part, formulas }) => {
    const { terms, text } = formulas[key] || { terms: [], text: "" };
    const own = s.shared ? { ...sizes, L: 1 } : sizes;
    const value = terms.reduce(
      (sum, [factor, letters]) => sum + [...letters].reduce((p, x) => p * own[x], factor), 0);
    return { part, text: s.shared ? text.replace("L·", "") : text, value };
  });
  return { rows, total: rows.reduce((sum, row) => sum + row.value, 0) };
}

const wrong = data.checks.filter(({ total, ...s }) => count(s).total !== total).length;

root.innerHTML = `<div class="controls">
    <label>start from <select class="preset"><option value="">own sizes</option></select></label>
    <label>kind <select class="family"></select></label></div>
  <div class="controls sliders"></div>
  <div class="controls switches"></div>
  <p class="say" role="status"></p>
  <div class="bar" style="display:flex;height:1.4rem;border:1px solid currentColor" aria-hidden="true"></div>
  <table><thead><tr><th scope="col" style="text-align:left">part and formula</th><th scope="col">parameters</th><th scope="col">share</th></tr></thead><tbody></tbody></table>
  <p class="more"></p>`;
const [preset, family] = root.querySelectorAll("select");
const say = root.querySelector(".say");
const bar = root.querySelector(".bar");
const body = root.querySelector("tbody");
Object.keys(data.presets).forEach((name) => preset.add(new Option(name, name)));
Object.keys(data.families).forEach((name) => family.add(new Option(name, name)));

let state = { ...data.presets[Object.keys(data.presets)[0]] };
preset.selectedIndex = 1;
const sliders = {};
for (const [letter, label] of Object.entries(LABELS)) {
  const box = document.createElement("label");
  box.style.flex = "0 1 16rem";
  box.innerHTML = `${label} <output></output><br><input type="range" min="0" max="${data.options[letter].length - 1}">`;
  root.querySelector(".sliders").append(box);
  const input = box.querySelector("input");
  sliders[letter] = { input, shown: box.querySelector("output") };
  input.dataset.letter = letter;
  input.addEventListener("input", () => {
    state[letter] = data.options[letter][input.value];
    preset.selectedIndex = 0;
    update();
  });
}
const buttons = {};
for (const [name, label] of Object.entries(SWITCHES)) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.name = name;
  root.querySelector(".switches").append(button);
  buttons[name] = button;
  button.addEventListener("click", () => {
    state[name] = !state[name];
    preset.selectedIndex = 0;
    update();
  });
}
family.addEventListener("change", () => {
  state.family = family.value;
  preset.selectedIndex = 0;
  update();
});
preset.addEventListener("change", () => {
  if (preset.value) state = { ...data.presets[preset.value] };
  update();
});

const short = (x) =>
  x < 1e6 ? `${(x / 1e3).toFixed(1)} thousand` : x < 1e9 ? `${(x / 1e6).toFixed(1)} million` : `${(x / 1e9).toFixed(1)} billion`;

function update() {
  family.value = state.family;
  for (const [letter, { input, shown }] of Object.entries(sliders)) {
    input.value = data.options[letter].indexOf(state[letter]);
    shown.textContent = number.format(state[letter]);
    input.setAttribute("aria-valuetext", number.format(state[letter]));
  }
  for (const [name, button] of Object.entries(buttons)) {
    button.setAttribute("aria-pressed", state[name]);
    button.textContent = `${SWITCHES[name]}: ${state[name] ? "yes" : "no"}`;
  }
  const { rows, total } = count(state);
  const there = rows.filter((row) => row.value);
  const share = (row) => `${((100 * row.value) / total).toFixed(2)}%`;
  say.dataset.total = total;
  const heads = state.d % state.h
    ? `${state.h} heads do not divide a width of ${state.d}: no such model.`
    : `Each of the ${state.h} heads is ${state.d / state.h} wide.`;
  say.innerHTML = `<strong>${number.format(total)}</strong> parameters (${short(total)}). ${heads}`;
  bar.innerHTML = there
    .map((row) => `<div style="width:${share(row)};background:${COLORS[row.part] || "#b0569a"}"></div>`)
    .join("");
  body.innerHTML = there
    .map((row) => `<tr><td style="text-align:left"><span aria-hidden="true" style="display:inline-block;width:0.8rem;height:0.8rem;background:${COLORS[row.part] || "#b0569a"}"></span> ${row.part}<br><small>${row.text}</small></td><td>${number.format(row.value)}</td><td>${share(row)}</td></tr>`)
    .join("");
  const matrices = 4 + 2 * state.m;
  const estimate = matrices * (state.shared ? 1 : state.L) * state.d ** 2;
  root.querySelector(".more").textContent =
    `${matrices}·${state.shared ? "" : "L·"}d² would say ${short(estimate)}. In 32 bits the weights take ${short(4 * total)} bytes, in 16 bits ${short(2 * total)}. ` +
    (wrong
      ? `${wrong} of ${data.checks.length} settings disagree with utils.ledger.`
      : `On opening, this page computed ${data.checks.length} settings and compared them with the totals of utils.ledger: all equal.`);
}
update();
