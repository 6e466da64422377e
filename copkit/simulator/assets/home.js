// The home page: what is typed keeps the territories that it names, the exact name first; Enter opens the first.

"use strict";
(() => {
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();
  const [search, said, epci, rest] = ["recherche", "dit", "epci", "reste"].map((id) => document.getElementById(id));
  const list = document.querySelector(".ck-epci");
  const MOST = 12; // EPCI shown
  const places = [...document.querySelectorAll(".ck-places li")].map((element) => {
    const [name, number] = element.dataset.words.split("|");
    return { element, name, number };
  });
  const inside = JSON.parse(epci.textContent).map(([number, label, within]) => ({ number, label, within, name: plain(label) }));
  /** The least is the best; nothing for a place that does not match. */
  const rank = ({ name, number }, asked) => {
    if (number === asked || name === asked) return 0;
    if (name.startsWith(asked)) return 1;
    if (` ${name}`.includes(` ${asked}`)) return 2;
    return name.includes(asked) ? 3 : null;
  };
  const ranked = (all, asked) => all.map((one) => [rank(one, asked), one]).filter(([at]) => at !== null).sort(([a], [b]) => a - b);
  const line = ({ number, label, within }) => {
    const [element, link, note] = ["li", "a", "span"].map((tag) => document.createElement(tag));
    link.href = `?territoire=epci-${number}`;
    note.className = "ck-note";
    note.textContent = within;
    link.append(note, ` ${label}`);
    element.append(link);
    return element;
  };
  let best = null;
  const look = () => {
    const asked = plain(search.value);
    const found = asked ? ranked(places, asked) : [];
    const within = asked.length > 1 ? ranked(inside, asked) : [];
    list.replaceChildren(...within.slice(0, MOST).map(([, one]) => line(one)));
    rest.textContent = within.length > MOST ? `Les ${MOST} premières sur ${within.length} : préciser le nom.` : "";
    const shown = new Set(found.map(([, one]) => one));
    for (const one of places) one.element.hidden = asked !== "" && !shown.has(one);
    const [first, other] = [found[0], within[0]];
    best = first && !(other && other[0] < first[0]) ? first[1].element : other ? list.firstElementChild : null;
    for (const element of document.querySelectorAll(".ck-places li")) element.classList.toggle("ck-best", element === best);
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
