// Around the simulator: show the page when Voilà has drawn it, and say when its session has ended.
(() => {
  const EVERY = 60_000; // ms

  // Voilà calls this when its theme is loaded; the page, when all its cells have come.
  window.voila_finish = () => {
    if (!window.themeLoaded) {
      window.cellLoaded = true;
      return;
    }
    document.getElementById("loading")?.remove();
    document.getElementById("rendered_cells").hidden = false;
  };

  const watch = async (address) => {
    if (document.hidden) return;
    const answer = await fetch(address, { cache: "no-store" }).catch(() => null); // no network: not an end
    if (answer?.status !== 404) return;
    const notice = document.getElementById("ended");
    if (!notice.hidden) return;
    document.dispatchEvent(new CustomEvent("copkit:session-ended")); // the simulator may put its scenario in the link
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "Reprendre";
    notice.append("La session est terminée : elle est restée trop longtemps sans activité. ", again, ".");
    notice.hidden = false;
  };

  document.addEventListener("DOMContentLoaded", () => {
    window.voila_finish();
    const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    if (!kernelId) return;
    const address = `${baseUrl}api/kernels/${kernelId}`;
    setInterval(watch, EVERY, address);
    document.addEventListener("visibilitychange", () => watch(address));
  });
})();
