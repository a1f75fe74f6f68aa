// data: {documents, notes}. BART's five damages of a short document whose tokens are letters
// and full stops; notes: rows that lecture notes print, to be told when they are hit. The
// first token that is ticked is where a permutation (its sentence) and a rotation begin.
const { documents, notes } = data;
const damages = ["token masking", "token deletion", "text infilling", "sentence permutation", "document rotation"];
const options = (list) => list.map((x) => `<option>${x}</option>`).join("");
root.innerHTML = `<div class="controls">
  <label>document <select class="document">${options(documents)}</select></label>
  <label>damage <select class="damage">${options(damages)}</select></label></div>
  <fieldset class="tokens" style="border:0;padding:0;margin:0.4rem 0;display:flex;flex-wrap:wrap;gap:0.2rem 0.9rem"></fieldset>
  <p class="out" style="font:600 1.3rem monospace;letter-spacing:0.15em;overflow-wrap:anywhere"></p>
  <p class="say" role="status"></p>`;
const [doc, damage, tokens, out, say] = ["document", "damage", "tokens", "out", "say"].map((c) => root.querySelector(`.${c}`));

// As many boxes as the longest document has tokens: they stay, so that the focus does.
const longest = Math.max(...documents.map((text) => text.length));
tokens.innerHTML = Array(longest).fill('<label><input type="checkbox"> <span></span></label>').join("");
const labels = [...tokens.querySelectorAll("label")];
const boxes = [...tokens.querySelectorAll("input")];

function fill() {
  const text = [...doc.value];
  labels.forEach((label, i) => {
    label.style.display = i < text.length ? "" : "none";
    label.querySelector("span").textContent = text[i] ?? "";
    boxes[i].checked = text[i] === "B" || text[i] === "D";
  });
  draw();
}

function draw() {
  const text = [...doc.value], kind = damages.indexOf(damage.value);
  const chosen = boxes.slice(0, text.length).map((box) => box.checked);
  const parts = doc.value.match(/[^.]*\./g), at = Math.max(0, chosen.indexOf(true));
  const sentence = text.slice(0, at).filter((token) => token === ".").length;
  let made;
  if (kind === 0) made = text.map((t, i) => (chosen[i] ? "_" : t)).join("");
  else if (kind === 1) made = text.filter((_, i) => !chosen[i]).join("");
  else if (kind === 2) made = text.map((t, i) => (chosen[i] ? (chosen[i - 1] ? "" : "_") : t)).join("");
  else if (kind === 3) made = parts.map((_, i) => parts[(i + sentence) % parts.length]).join("");
  else made = text.map((_, i) => text[(i + at) % text.length]).join("");
  out.textContent = made;
  const hidden = kind < 3 ? chosen.filter(Boolean).length : 0;
  const hit = notes.includes(made) ? " A row that the notes print." : "";
  const infill = kind === 2 ? " (The notes put one more mark, for a span of nothing, before the E.)" : "";
  const begins = kind < 3 ? "" : ` It begins with ${kind === 3 ? "the sentence of " : ""}the first token that is ticked.`;
  say.textContent = `${damage.value} of ${doc.value} gives ${made}: ${hidden} of ${text.length} tokens are gone, ` +
    `${made.length} are read.${hit}${infill}${begins}`;
}
doc.addEventListener("change", fill);
for (const control of [damage, ...boxes]) control.addEventListener("change", draw);
fill();
