// data: {text, places, mixes, cases, words}. What a model holds likeliest at one place of a
// story, by how it was trained and by what stands there. places: a name to a position
// from 1; cases: {mix, place, content, true, chances}, a chance for each of the words.
const { text, places, mixes, cases, words } = data;
const names = Object.keys(places);
const options = (list) => list.map((x) => `<option>${x}</option>`).join("");
root.innerHTML = `<div class="controls">
  <label>trained with <select class="mix">${options(mixes)}</select></label>
  <label>place <select class="place">${options(names)}</select></label>
  <label>there stands <select class="content">${options(["[MASK]", "a wrong word", "the right word"])}</select></label></div>
  <p class="text" style="max-width:38rem"></p>
  <div class="bars" role="group" aria-label="Likeliest words at the place"></div>
  <p class="say" role="status"></p>`;
const [mix, place, content] = ["mix", "place", "content"].map((c) => root.querySelector(`.${c}`));
const story = root.querySelector(".text");
const bars = root.querySelector(".bars");
const say = root.querySelector(".say");

function draw() {
  const fitting = cases.filter((c) => c.mix === mix.value && c.place === place.value);
  const shown = fitting[content.selectedIndex];
  const at = places[place.value] - 1;
  story.innerHTML = text
    .map((word, i) => (i === at ? `<b style="border-bottom:3px solid currentColor">${shown.content}</b>` : word))
    .join(" ");
  const best = words.map((_, i) => i).sort((a, b) => shown.chances[b] - shown.chances[a] || a - b).slice(0, 5);
  bars.innerHTML = best.map((i) => [words[i], shown.chances[i]])
    .map(([word, chance]) => `<div style="display:flex;align-items:center;gap:0.5rem;margin:0.2rem 0">
      <span style="min-width:6rem;text-align:right">${word === shown.true ? `<b>${word}</b>` : word}</span>
      <div style="flex:1 1 auto;max-width:18rem;height:0.9rem;outline:1px solid #88888855">
        <div style="height:100%;width:${(100 * chance).toFixed(1)}%;background:${word === shown.true ? "#3a8fc7" : "#d55e00"}"></div></div>
      <span style="min-width:3rem">${chance.toFixed(2)}</span></div>`)
    .join("");
  const top = words[best[0]];
  const told = shown.content === "[MASK]" ? "hidden" : `“${shown.content}” stands there`;
  const how = top === shown.true ? "the right word" : top === shown.content ? "what it reads, wrongly" : "a wrong word";
  say.textContent = `${mix.value} ([MASK] / random / unchanged), ${told}: it says “${top}”, ${how}.${top === shown.true ? "" : ` Right is “${shown.true}”.`}`;
}
for (const control of [mix, place, content]) control.addEventListener("change", draw);
draw();
