// The home page: what is typed keeps the territories that it names, the exact name first; Enter opens the first.

"use strict";
(() => {
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[’'-]/g, " ").trim();
  const search = document.getElementById("recherche");
  const said = document.getElementById("dit");
  const places = [...document.querySelectorAll(".ck-places li")];
  /** The least is the best; nothing for a place that does not match. */
  const rank = (place, asked) => {
    const [name, number] = place.dataset.words.split("|");
    if (number === asked || name === asked) return 0;
    if (name.startsWith(asked)) return 1;
    if (name.split(" ").some((word) => word.startsWith(asked))) return 2;
    return name.includes(asked) ? 3 : null;
  };
  let best = null;
  const look = () => {
    const asked = plain(search.value);
    const ranks = new Map(places.map((place) => [place, asked ? rank(place, asked) : 9]));
    for (const [place, one] of ranks) place.hidden = one === null;
    const found = places.filter((place) => ranks.get(place) !== null).sort((a, b) => ranks.get(a) - ranks.get(b));
    best = asked ? found[0] : null;
    for (const place of places) place.classList.toggle("ck-best", place === best);
    for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("li:not([hidden])");
    said.textContent = !asked ? "" : best ? `Entrée ouvre « ${best.textContent.trim()} ».` : "Aucun territoire de ce nom : vérifier l’orthographe, ou écrire le numéro.";
  };
  search.addEventListener("input", look);
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (best) location.assign(best.querySelector("a").href);
  });
  look();
})();
