// Refreshes the time that is left; the page says it already, and this only keeps it from growing old.
(() => {
  "use strict";
  const box = document.querySelector("[data-until]");
  const said = box && box.querySelector("[data-left]");
  if (!said) return;
  const japanese = document.documentElement.lang === "ja";
  const until = Date.parse(box.dataset.until);
  const ahead = Date.parse(box.dataset.now) - Date.now();
  const words = (seconds) => {
    const days = Math.floor(seconds / 86400);
    const hours = Math.floor((seconds % 86400) / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    if (japanese) return days ? `あと${days}日${hours}時間` : hours ? `あと${hours}時間${minutes}分` : `あと${minutes}分`;
    return days ? `${days} d ${hours} h left` : hours ? `${hours} h ${minutes} min left` : `${minutes} min left`;
  };
  const refresh = () => {
    const seconds = Math.floor((until - Date.now() - ahead) / 1000);
    if (seconds <= 0) { location.reload(); return; }
    said.textContent = words(seconds);
    setTimeout(refresh, 20000);
  };
  setTimeout(refresh, 20000);
})();
