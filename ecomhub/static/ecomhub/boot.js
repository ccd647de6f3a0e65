// Runs before the page is painted: the theme of a reader who follows the device, and the folded sidebar.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  follow();
  dark.addEventListener("change", follow);
  try {
    root.dataset.side = localStorage.getItem("ecomhub.side") === "small" ? "small" : "wide";
  } catch {
    root.dataset.side = "wide";
  }
})();
