// ecomhub: what the pages do beyond htmx and Tabler. No page brings a script of its own.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const texts = JSON.parse($("#ui-texts")?.textContent || "{}");
  const say = (text) => { const live = $("#live-region"); if (live) live.textContent = text; };

  // The application clock: where it stood when the page was made, and how fast it runs.
  const made = { app: Date.parse(root.dataset.now || "") || Date.now(), real: performance.now(), speed: Number(root.dataset.speed) || 1 };
  const appNow = () => made.app + (performance.now() - made.real) * made.speed;
  const units = [["d", 86400], ["h", 3600], ["min", 60]];
  const span = (seconds, most) => {
    let rest = Math.trunc(Math.abs(seconds));
    if (rest < 60) return texts.s.replace("{n}", rest);
    const parts = [];
    for (const [unit, size] of units) {
      const count = Math.trunc(rest / size);
      rest -= count * size;
      if (count || parts.length) parts.push(count ? texts[unit].replace("{n}", count) : "");
      if (parts.length === most) break;
    }
    return parts.filter(Boolean).join(" ");
  };
  const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const tick = () => {
    const now = appNow();
    for (const node of $$("time[data-ago]")) {
      const age = (now - Date.parse(node.dateTime)) / 1000;
      write(node, age < 5 ? texts.now : texts.ago.replace("{span}", span(age, 1)));
    }
    for (const node of $$("time[data-countdown]")) {
      const left = (Date.parse(node.dateTime) - now) / 1000;
      write(node, Math.abs(left) < 60 ? texts.due : (left < 0 ? texts.late : texts.left).replace("{span}", span(left, 2)));
      node.classList.toggle("is-late", left < 0);
      node.classList.toggle("is-soon", left >= 0 && left <= Number(node.dataset.countdown));
      node.classList.toggle("is-calm", left > Number(node.dataset.countdown));
    }
    for (const node of $$("time[data-clock]")) {
      const form = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: node.dataset.clock };
      write(node, new Intl.DateTimeFormat(root.lang, form).format(now));
    }
  };
  if (texts.s) setInterval(() => { if (!document.hidden) tick(); }, 1000);

  // Toasts
  const toast = (text, level = "success") => {
    const note = $("#toast-template")?.content.firstElementChild.cloneNode(true);
    if (!note) return;
    note.classList.add(`note-${level}`);
    $("div", note).textContent = text;
    if (level === "error") note.setAttribute("role", "alert");
    $("#toasts").append(note);
    if (level !== "error") setTimeout(() => note.remove(), 6000);
  };
  // An answer that loads the page anew would swallow its toasts: they wait for the new page.
  const KEPT = "ecomhub.toasts";
  let leaves = false;
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const said = (name) => event.detail.xhr.getResponseHeader(name);
    leaves = said("HX-Refresh") === "true" || Boolean(said("HX-Redirect"));
  });
  document.addEventListener("toasts", (event) => {
    const items = event.detail.items;
    if (leaves) {
      try { return sessionStorage.setItem(KEPT, JSON.stringify(items)); } catch { /* private window */ }
    }
    for (const item of items) toast(item.text, item.level);
  });
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
    sessionStorage.removeItem(KEPT);
    for (const item of kept) toast(item.text, item.level);
  } catch { /* private window */ }

  // Dialogs: one for questions, one that htmx fills.
  const dialog = $("#dialog");
  const ask = (question, go) => {
    const box = $("#confirm");
    $("[data-question]", box).textContent = question;
    box.returnValue = "";
    box.onclose = () => { if (box.returnValue === "yes") go(); };
    box.showModal();
  };
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.question, () => event.detail.issueRequest(true));
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (!question || event.target.dataset.asked) return;
    event.preventDefault();
    event.stopPropagation();
    const { submitter, target } = event;
    ask(question, () => {
      target.dataset.asked = "yes";
      target.requestSubmit(submitter?.form === target ? submitter : undefined);
      delete target.dataset.asked;
    });
  }, true);
  const dialogWas = { opener: null };
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "dialog" && !dialog.open) dialogWas.opener = document.activeElement;
    const live = event.target.closest?.("[data-live]");
    if (live && document.hidden) event.preventDefault();
  });
  document.addEventListener("close-dialog", () => dialog?.close());
  dialog?.addEventListener("close", () => {
    dialog.replaceChildren();
    dialogWas.opener?.isConnected && dialogWas.opener.focus();
  });

  // Requests: the CSRF token, and words for failures.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = $("meta[name=csrf-token]").content;
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.closest?.("[data-live]") && event.detail.xhr.status >= 500) return;
    const status = event.detail.xhr.status;
    toast(status === 403 ? texts.forbidden : status === 404 ? texts.gone : texts.failed, "error");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.target.closest?.("[data-live]")) toast(texts.offline, "error");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
    if (event.detail.serverResponse?.includes('name="login-page"')) { event.detail.shouldSwap = false; window.location.reload(); }
  });

  // Lists: the row in hand, the chosen rows, and rows that were not there before.
  const rows = () => $$("[data-row]").filter((row) => row.offsetParent !== null);
  const chosen = new Set();
  let current = null;
  let seen = new Map();
  const listOf = (row) => row.closest("[data-rows]");
  const mark = (row, jump = true) => {
    for (const other of $$("[data-row].is-current")) { other.classList.remove("is-current"); other.removeAttribute("aria-current"); other.tabIndex = -1; }
    current = row?.id || null;
    if (!row) return;
    row.classList.add("is-current");
    row.setAttribute("aria-current", "true");
    row.tabIndex = 0;
    if (jump) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  };
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.id === current);
    mark(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))]);
  };
  const open = (row) => $("a[data-open]", row)?.click();
  const bulk = () => {
    const boxes = $$("input[data-select]");
    for (const box of boxes) {
      box.checked ? chosen.add(box.value) : chosen.delete(box.value);
      box.closest("[data-row]")?.classList.toggle("is-selected", box.checked);
    }
    const count = boxes.filter((box) => box.checked).length;
    for (const bar of $$("[data-bulk]")) {
      bar.classList.toggle("is-open", count > 0);
      for (const word of $$("[data-bulk-count]", bar)) word.textContent = count;
    }
    for (const all of $$("input[data-select-all]")) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  };
  let lastBox = null;
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("input[data-select-all]")) for (const one of $$("input[data-select]")) one.checked = box.checked;
    if (box.matches("input[data-select], input[data-select-all]")) bulk();
    if (box.matches("input[type=file][data-drop]")) {
      const names = [...box.files].map((file) => file.name).join(", ");
      const place = $("[data-drop-name]", box.closest(".drop"));
      if (place) place.textContent = names || place.dataset.dropName;
    }
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("input[data-select]");
    if (!box) return;
    if (event.shiftKey && lastBox?.isConnected) {
      const boxes = $$("input[data-select]");
      const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
      bulk();
    }
    lastBox = box;
  });
  const remember = () => { seen = new Map($$("[data-rows]").map((list) => [list.id, new Set($$("[data-row]", list).map((row) => row.id))])); };
  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const box of $$("input[data-select]")) if (chosen.has(box.value)) box.checked = true;
    chosen.clear();
    bulk();
    const row = current && document.getElementById(current);
    if (row && !row.classList.contains("is-current")) mark(row, document.activeElement === document.body);
    if (event.detail.requestConfig?.elt?.closest?.("[data-live-show]")) {
      for (const list of $$("[data-rows]")) {
        const known = seen.get(list.id);
        if (known?.size) for (const one of $$("[data-row]", list)) one.classList.toggle("is-new", !known.has(one.id));
      }
    }
    if (event.detail.target?.id === "dialog" && dialog.children.length && !dialog.open) dialog.showModal();
    tick();
    showTab();
    autoShow();
  });

  // Live lists: what is new comes in by itself while nobody works on the list; else it waits behind its bar.
  let pointer = 0;
  document.addEventListener("pointermove", () => { pointer = performance.now(); }, { passive: true });
  const resting = (list) => {
    const scroll = list.closest(".sheet-scroll");
    const atTop = window.scrollY < 8 && (!scroll || scroll.scrollTop < 8);
    const busy = chosen.size || list.contains(document.activeElement) || $("dialog[open]") || $(".dropdown-menu.show");
    return atTop && !busy && !(list.matches(":hover") && performance.now() - pointer < 3000);
  };
  const autoShow = () => {
    for (const button of $$("[data-live-show]")) {
      const list = $(button.dataset.liveShow);
      if (list && button.dataset.shown !== "yes" && resting(list)) { button.dataset.shown = "yes"; button.click(); }
    }
  };
  setInterval(autoShow, 2000);

  // On a narrow screen the open tab is brought into view.
  const showTab = () => {
    for (const tab of $$(".tab.active")) {
      const strip = tab.closest(".tabs");
      strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.clientWidth) / 2;
    }
  };

  // Small things: copy, fold, sidebar, drop field, day filters.
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      event.preventDefault();
      try { await navigator.clipboard.writeText(copy.dataset.copy); } catch { return toast(texts.not_copied, "error"); }
      copy.classList.add("is-done");
      say(texts.copied);
      setTimeout(() => copy.classList.remove("is-done"), 1500);
    }
    const fold = event.target.closest("[data-fold]");
    if (fold) {
      const isOpen = $(fold.dataset.fold).classList.toggle("is-open");
      fold.setAttribute("aria-expanded", String(isOpen));
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog, .note, .alert")?.[event.target.closest("dialog") ? "close" : "remove"]();
    if (event.target.closest("[data-side-fold]")) {
      root.dataset.side = root.dataset.side === "small" ? "wide" : "small";
      try { localStorage.setItem("ecomhub.side", root.dataset.side); } catch { /* private window */ }
    }
    const helper = event.target.closest("[data-help]");
    if (helper) $("#help").showModal();
    if (event.target.matches?.("dialog.box")) event.target.close();
    const row = event.target.closest("[data-row]");
    if (row && listOf(row) && !event.target.closest("a, button, input, select, label, summary") && !String(getSelection())) mark(row, false);
  });
  document.addEventListener("dblclick", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && !event.target.closest("a, button, input")) open(row);
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => event.target.closest?.(".drop")?.classList.toggle("is-over", kind.startsWith("drage") || kind === "dragover"));
  }

  // Keyboard
  let goes = 0;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
    if (event.key === "Escape" && typing && event.target.matches("[data-search]")) return event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const key = event.key;
    if (goes && performance.now() - goes < 1500) {
      goes = 0;
      const line = $(`[data-go="${CSS.escape(key)}"]`);
      if (line) { event.preventDefault(); line.click(); }
      return;
    }
    const row = current && document.getElementById(current);
    const onControl = event.target.closest?.("a, button, summary, input");
    const acts = {
      g: () => { goes = performance.now(); },
      "/": () => { const search = $$("[data-search]").find((one) => one.offsetParent); search?.focus(); search?.select(); },
      "?": () => $("#help")?.showModal(),
      j: () => move(1),
      k: () => move(-1),
      e: () => row && open(row),
      Enter: () => row && open(row),
      x: () => { const box = row && $("input[data-select]", row); if (box) { box.checked = !box.checked; lastBox = box; bulk(); } },
      X: () => {
        const box = row && $("input[data-select]", row);
        const boxes = $$("input[data-select]");
        if (!box || !lastBox) return;
        const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const one of boxes.slice(Math.max(0, from), to + 1)) one.checked = true;
        bulk();
      },
      Escape: () => {
        if (chosen.size) { for (const one of $$("input[data-select]")) one.checked = false; chosen.clear(); bulk(); } else mark(null);
      },
    };
    if (key === "Enter" && onControl) return;
    if (!acts[key]) return;
    if (key !== "Escape") event.preventDefault();
    acts[key]();
  });

  bulk();
  showTab();
  if (texts.s) tick();
})();
