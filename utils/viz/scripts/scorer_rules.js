// data: {systems, rules, references, scores}. scores[key][i] is a system's exact match
// in %, key the rules that are on ("111") and the way references count (0, 1, 2).
const { systems, rules, references, scores } = data;
const colors = ["#3a8fc7", "#d55e00", "#009e73", "#b0569a", "#8a7a00"];
root.innerHTML = `<div class="controls">
  ${rules.map((rule, i) => `<label><input type="checkbox" checked data-rule="${i}"> ${rule}</label>`).join("")}
  <label>references <select>${references.map((r, i) => `<option value="${i}">${r}</option>`).join("")}</select></label>
  <button type="button">the official rules</button></div>
  <div class="bars" role="group" aria-label="Exact match of each system"></div>
  <p class="say" role="status"></p>`;
const boxes = [...root.querySelectorAll("input")];
const choice = root.querySelector("select");
const bars = root.querySelector(".bars");
const say = root.querySelector(".say");
const official = scores["1".repeat(rules.length) + "0"];

function draw() {
  const key = boxes.map((box) => (box.checked ? "1" : "0")).join("") + choice.value;
  const row = scores[key];
  bars.innerHTML = systems.map((name, i) => {
    const change = row[i] - official[i];
    const moved = Math.abs(change) < 0.005 ? "" : ` (${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(2)})`;
    return `<div style="margin:0.35rem 0"><div style="font-size:0.85rem">${name}</div>
    <div style="display:flex;align-items:center;gap:0.5rem">
      <div style="position:relative;flex:1 1 auto;max-width:26rem;height:0.9rem;outline:1px solid #88888855">
        <div style="height:100%;width:${row[i].toFixed(2)}%;background:${colors[i % colors.length]}"></div>
        <span style="position:absolute;left:${official[i].toFixed(2)}%;top:0;bottom:0;border-left:2px dashed currentColor"></span></div>
      <span style="min-width:8rem">${row[i].toFixed(2)}${moved}</span></div></div>`;
  }).join("");
  const order = systems.map((_, i) => i).sort((a, b) => row[b] - row[a] || a - b);
  const kept = order.every((system, place) => system === place);
  say.textContent = kept
    ? "The ranking is the official one."
    : `The ranking is another: ${order.map((i) => systems[i]).join(", ")}.`;
}
boxes.forEach((box) => box.addEventListener("change", draw));
choice.addEventListener("change", draw);
root.querySelector("button").addEventListener("click", () => {
  boxes.forEach((box) => { box.checked = true; });
  choice.value = "0";
  draw();
});
draw();
