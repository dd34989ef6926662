/** The page's look: light and dark after the reader's system, no file and no font from elsewhere. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d1c1d; --soft: #616061; --line: #e3e3e6; --nav: #1d2b36; --navInk: #d5dde3;
  --code: #c0264c; --codeBack: #f6f6f7; --mention: #1264a3; --mentionBack: #e8f5fa;
  --good: #2eb67d; --critical: #e01e5a; --major: #e8912d; --minor: #ecc94b; }
@media (prefers-color-scheme: dark) { :root { --paper: #1a1d21; --ink: #e8e8e8; --soft: #a3a5a8; --line: #35383d; --nav: #121b22; --navInk: #c3ccd3;
  --code: #f08aa5; --codeBack: #25282d; --mention: #7cc4f0; --mentionBack: #1b3644; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.46 system-ui, -apple-system, "Segoe UI", sans-serif; }
#app { display: grid; grid-template-columns: 200px minmax(0, 1fr); min-height: 100vh; }
nav { background: var(--nav); color: var(--navInk); padding: 18px 16px; }
nav h1 { margin: 0; font-size: 18px; color: #fff; }
nav .count { margin: 2px 0 18px; font-size: 12px; opacity: .85; }
nav ul { list-style: none; margin: 0; padding: 0; position: sticky; top: 12px; }
nav a { display: block; padding: 4px 8px; border-radius: 6px; color: inherit; text-decoration: none; }
nav a:hover, nav a:focus-visible { background: rgb(255 255 255 / .12); }
main { padding: 0 0 48px; max-width: 880px; }
.empty { padding: 48px 24px; color: var(--soft); }
h2 { position: sticky; top: 0; z-index: 1; margin: 0; padding: 12px 24px; font-size: 17px; background: var(--paper); border-bottom: 1px solid var(--line); }
.message { display: flex; gap: 12px; padding: 12px 24px; }
.message:hover { background: color-mix(in srgb, var(--ink) 3%, transparent); }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 8px; display: grid; place-items: center; background: linear-gradient(140deg, #2c7a7b, #1d2b36); color: #fff; font-weight: 700; font-size: 14px; }
.body { min-width: 0; flex: 1; overflow-wrap: anywhere; }
.who { margin: 0 0 4px; }
.app { font-size: 10px; font-weight: 700; padding: 1px 4px; border-radius: 3px; background: var(--line); color: var(--soft); vertical-align: 1px; }
time, .edited, .origin { color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.edited { border-left: 1px solid var(--line); padding-left: 6px; margin-left: 4px; }
.origin { margin: 0 0 4px; }
.card { border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 8px; padding: 12px 16px; display: grid; gap: 10px; }
.card.good { border-left-color: var(--good); } .card.critical { border-left-color: var(--critical); }
.card.major { border-left-color: var(--major); } .card.minor { border-left-color: var(--minor); }
.broadcast .card { border-left-style: double; }
h3 { margin: 0; font-size: 17px; line-height: 1.3; }
.section time { font-size: inherit; color: inherit; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 8px 16px; }
.context { color: var(--soft); font-size: 12px; display: grid; gap: 2px; }
code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--code); background: var(--codeBack); border: 1px solid var(--line); border-radius: 3px; padding: 1px 4px; }
.mention { color: var(--mention); background: var(--mentionBack); border-radius: 3px; padding: 0 3px; }
a { color: var(--mention); }
.thread { margin-top: 8px; }
.thread summary { cursor: pointer; color: var(--mention); font-size: 13px; font-weight: 600; }
.thread ol { list-style: none; margin: 6px 0 0; padding: 0 0 0 14px; border-left: 2px solid var(--line); display: grid; gap: 6px; }
.thread li { display: grid; grid-template-columns: 62px minmax(0, 1fr); align-items: baseline; font-size: 14px; }
.mark { font-size: 11px; color: var(--soft); border: 1px solid var(--line); border-radius: 9px; padding: 0 7px; white-space: nowrap; }
@media (max-width: 640px) { #app { grid-template-columns: 1fr; grid-template-rows: auto 1fr; } nav ul { position: static; display: flex; flex-wrap: wrap; } .message { padding: 10px 12px; } }
`;
