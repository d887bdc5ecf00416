// <fineline-hint contact="..." campaign="..." token="..." src="https://fineline.example">
// The hint about one person inside another product: no framework, its own shadow, read only.
"use strict";
(() => {
  const home = new URL(document.currentScript.src).origin;
  const words = {nudge: "Nudge now", wait: "Wait", stop: "Stop"};
  const channels = {email: "E-mail", phone: "Call", sms: "Text", linkedin: "LinkedIn", other: "Other"};
  const icons = {
    nudge: "M3 8h9M8.5 4.5 12 8l-3.5 3.5",
    wait: "M8 2.500a5.500 5.500 0 1 0 .01 0M8 5v3.200l2 1.300",
    stop: "M5.500 2.500h5l3 3v5l-3 3h-5l-3-3v-5zM5.500 8h5",
  };
  const style = `
    :host { color-scheme: light dark; display: block; --surface: #fff; --line: #dddcd4; --ink: #1d2327; --muted: #59625f; --accent: #17586b;
      --nudge: #14655c; --nudge-soft: #dff0ea; --wait: #7a5200; --wait-soft: #f8ecd2; --stop: #574b5c; --stop-soft: #ece7ee; --annoy: #a0392a;
      font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
    @media (prefers-color-scheme: dark) { :host { --surface: #1c2225; --line: #333c40; --ink: #e9ecea; --muted: #a6b0ae; --accent: #7cc4d6;
      --nudge: #74cdb9; --nudge-soft: #19352f; --wait: #e8bd66; --wait-soft: #3a2f16; --stop: #c5b5cd; --stop-soft: #322c36; --annoy: #f0937f; } }
    section { background: var(--surface); color: var(--ink); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
    p { margin: 8px 0; } .advice { font-size: 15px; font-weight: 600; } .muted, dt, footer { color: var(--muted); font-size: 12.5px; }
    .chip { display: inline-flex; gap: .4em; align-items: center; padding: 1px 10px; border-radius: 99px; font-weight: 650; font-size: 13px; }
    .nudge { background: var(--nudge-soft); color: var(--nudge); } .wait { background: var(--wait-soft); color: var(--wait); } .stop { background: var(--stop-soft); color: var(--stop); }
    svg { width: 1em; height: 1em; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
    .head { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; } dl { display: flex; gap: 20px; margin: 8px 0; } dd { margin: 0; font-size: 18px; font-weight: 650; }
    .land { color: var(--nudge); } .annoy { color: var(--annoy); } ul { margin: 8px 0; padding-left: 18px; } li { font-size: 13px; } footer { display: flex; justify-content: space-between; gap: 8px; border-top: 1px solid var(--line); padding-top: 8px; margin-top: 10px; }
    a { color: var(--accent); } a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }`;
  const made = (name, kind, ...inside) => {
    const node = document.createElement(name);
    if (kind) node.className = kind;
    node.append(...inside);
    return node;
  };
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", icons[name]);
    svg.append(path);
    return svg;
  };
  const percent = (share) => share <= 0 ? "0 %" : share < 0.0005 ? "< 0.1 %" : (share * 100).toFixed(share < 0.0995 ? 1 : 0) + " %";
  const when = new Intl.DateTimeFormat(undefined, {weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"});

  class FinelineHint extends HTMLElement {
    static observedAttributes = ["contact", "campaign", "token", "src"];

    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.attachShadow({mode: "open"}).adoptedStyleSheets = [sheet];
    }

    connectedCallback() { this.ask(); }

    attributeChangedCallback() { if (this.isConnected) this.ask(); }

    disconnectedCallback() { this.waiting?.abort(); }

    async ask() {
      this.waiting?.abort();
      const contact = this.getAttribute("contact");
      if (!contact) { this.show(this.said("No contact is given.")); return; }
      const waiting = this.waiting = new AbortController();
      this.show(this.said("Asking…"), true);
      const base = this.getAttribute("src") || home;
      const path = encodeURIComponent(contact);
      const campaign = this.getAttribute("campaign");
      const asked = campaign === null ? "" : "?campaign_id=" + encodeURIComponent(campaign);
      const token = this.getAttribute("token");
      try {
        const answer = await fetch(`${base}/v1/contacts/${path}/hint${asked}`, {
          signal: waiting.signal, credentials: "same-origin", headers: token ? {authorization: "Bearer " + token} : {},
        });
        const body = await answer.json();
        if (!answer.ok) throw new Error(body.detail);
        this.show(this.hint(body, `${base}/contacts/${path}${asked}`));
        this.dispatchEvent(new CustomEvent("fineline-hint", {detail: body, bubbles: true, composed: true}));
      } catch (error) {
        if (error.name !== "AbortError") this.show(this.said(error instanceof TypeError ? "fineline does not answer." : error.message));
      }
    }

    said(text) { return [made("p", "muted", text)]; }

    show(parts, busy = false) {
      const section = made("section", "", ...parts);
      section.setAttribute("aria-label", "Follow-up hint");
      section.setAttribute("aria-live", "polite");
      section.setAttribute("aria-busy", String(busy));
      this.shadowRoot.replaceChildren(section);
    }

    hint(d, address) {
      const head = made("div", "head", made("span", "chip " + d.hint, icon(d.hint), words[d.hint]));
      if (d.channel) head.append(made("span", "muted", channels[d.channel]));
      if (d.hint === "wait" && d.nudge_at) head.append(made("span", "muted", "until " + when.format(new Date(d.nudge_at))));
      const odds = made("dl", "",
        made("div", "", made("dt", "", "Chance to land"), made("dd", "land", percent(d.if_nudged.p_land))),
        made("div", "", made("dt", "", "Risk to annoy"), made("dd", "annoy", percent(d.if_nudged.p_annoy))));
      const why = (d.hint === "nudge" ? d.reasons : [...d.rules, ...d.reasons]).slice(0, 2);
      const link = made("a", "", "Why, and the fine line");
      link.href = address;
      link.target = "_blank";
      link.rel = "noopener";
      return [head, made("p", "advice", d.advice), odds, made("ul", "", ...why.map((r) => made("li", "", r.text))),
        made("footer", "", made("span", "", "Evidence: " + d.evidence.level), link)];
    }
  }
  if (!customElements.get("fineline-hint")) customElements.define("fineline-hint", FinelineHint);
})();
