// data: {word, sentences, senses, steps, cosines, others}. Cosines of one word's vector
// in the chosen sentence with those in the others, layer by layer.
const { word, sentences, senses, steps, cosines, others } = data;
const kinds = [...new Set(senses)];
const colors = ["#3a8fc7", "#d55e00"];
const marked = (text) => text.replace(new RegExp(`\\b(${word})\\b`, "i"), "<b>$1</b>");

root.innerHTML = `<div class="controls">
  <label style="max-width: 100%">Sentence <select style="max-width: 100%; width: 30rem">${sentences.map((s, i) => `<option value="${i}">${s}</option>`).join("")}</select></label>
  <label>From <input type="range" min="0" max="${steps.length - 1}" value="0"> <output></output></label></div>
  <p class="controls" style="gap: 0.2rem 1.2rem">${kinds.map((k, i) => `<span><span style="display:inline-block;width:0.8rem;height:0.8rem;background:${colors[i]}"></span> ${k}</span>`).join("")}</p>
  <div class="bars" role="group" aria-label="Cosines with the other sentences"></div>
  <p class="say" role="status"></p>`;
const choice = root.querySelector("select");
const slider = root.querySelector("input");
const shown = root.querySelector("output");
const bars = root.querySelector(".bars");
const say = root.querySelector(".say");

function draw() {
  const chosen = Number(choice.value);
  const step = Number(slider.value);
  const row = cosines[step][chosen];
  const other = others[step];
  shown.textContent = steps[step];
  slider.setAttribute("aria-valuetext", steps[step]);
  const order = row.map((_, i) => i).filter((i) => i !== chosen);
  order.sort((a, b) => row[b] - row[a] || a - b);
  const mark = other === null ? "" : `<span style="position:absolute;left:${(100 * other).toFixed(1)}%;top:0;bottom:0;border-left:2px dashed currentColor"></span>`;
  bars.innerHTML = order.map((i) => `<div style="margin:0.35rem 0">
    <div style="font-size:0.85rem">${marked(sentences[i])}</div>
    <div style="display:flex;align-items:center;gap:0.5rem">
      <div style="position:relative;flex:1 1 auto;max-width:26rem;height:0.9rem;outline:1px solid #88888855">
        <div style="height:100%;width:${(100 * row[i]).toFixed(1)}%;background:${colors[kinds.indexOf(senses[i])]}"></div>${mark}</div>
      <span style="min-width:3rem">${row[i].toFixed(2)}</span></div></div>`).join("");
  const best = order[0];
  const equal = row[order[order.length - 1]] > 0.99995;
  const own = senses[best] === senses[chosen] ? "of its own sense" : "of the other sense";
  say.innerHTML = equal
    ? `${steps[step]}: the same vector in all sentences.`
    : `${steps[step]}: nearest is “${sentences[best]}”, ${own}.`;
}
choice.addEventListener("change", draw);
slider.addEventListener("input", draw);
draw();
