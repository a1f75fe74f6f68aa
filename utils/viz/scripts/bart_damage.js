// data: {documents, notes}. BART's five damages of a short document whose tokens are letters
// and full stops; notes: rows that lecture notes print, to be told when they are hit.
const { documents, notes } = data;
const damages = ["token masking", "token deletion", "text infilling", "sentence permutation", "document rotation"];
const options = (list) => list.map((x) => `<option>${x}</option>`).join("");
root.innerHTML = `<div class="controls">
  <label>document <select class="document">${options(documents)}</select></label>
  <label>damage <select class="damage">${options(damages)}</select></label></div>
  <fieldset class="tokens" style="border:0;padding:0;margin:0.4rem 0;display:flex;flex-wrap:wrap;gap:0.2rem 0.9rem"></fieldset>
  <div class="controls"><label class="where">from <input class="start" type="range" min="0" max="6" value="2" style="max-width:10rem"></label></div>
  <p class="out" style="font:600 1.3rem monospace;letter-spacing:0.15em;overflow-wrap:anywhere"></p>
  <p class="say" role="status"></p>`;
const [doc, damage, tokens, start, out, say] = ["document", "damage", "tokens", "start", "out", "say"].map((c) => root.querySelector(`.${c}`));
const where = root.querySelector(".where");

function fill() {
  const text = [...doc.value];
  const first = text.indexOf("B"), second = text.indexOf("D");
  tokens.innerHTML = text
    .map((token, i) => `<label><input type="checkbox" ${i === first || i === second ? "checked" : ""}> ${token}</label>`)
    .join("");
  for (const box of tokens.querySelectorAll("input")) box.addEventListener("change", draw);
  start.max = text.length - 1;
  draw();
}

function draw() {
  const text = [...doc.value], kind = damages.indexOf(damage.value);
  const chosen = [...tokens.querySelectorAll("input")].map((box) => box.checked);
  const parts = doc.value.match(/[^.]*\./g), at = Number(start.value);
  tokens.style.display = kind < 3 ? "flex" : "none";
  where.style.display = kind < 3 ? "none" : "";
  let made;
  if (kind === 0) made = text.map((t, i) => (chosen[i] ? "_" : t)).join("");
  else if (kind === 1) made = text.filter((_, i) => !chosen[i]).join("");
  else if (kind === 2) made = text.map((t, i) => (chosen[i] ? (chosen[i - 1] ? "" : "_") : t)).join("");
  else if (kind === 3) made = parts.map((_, i) => parts[(i + at) % parts.length]).join("");
  else made = text.map((_, i) => text[(i + at) % text.length]).join("");
  out.textContent = made;
  const hidden = kind < 3 ? chosen.filter(Boolean).length : 0;
  const hit = notes.includes(made) ? " A row that the notes print." : "";
  const infill = kind === 2 ? " (The notes put one more mark, for a span of nothing, before the E.)" : "";
  say.textContent = `${damage.value} of ${doc.value} gives ${made}: ${hidden} of ${text.length} tokens are gone, ` +
    `${made.length} are read.${hit}${infill}`;
}
doc.addEventListener("change", fill);
for (const control of [damage, start]) control.addEventListener(control === start ? "input" : "change", draw);
fill();
