/** The report's only style sheet. Colours of text and of what is drawn keep 4.5:1 and 3:1 against their ground in both schemes. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--ground:#fff;--soft:#f5f6f8;--ink:#1a1f26;--quiet:#545d69;--rule:#d9dde3;--link:#1f5fae;
--good:#1e7a3c;--warn:#9a5b00;--bad:#b3261e;--on:#fff;
--c1:#1f5fae;--c2:#b45309;--c3:#a3238e;--c4:#0f766e;--c5:#6b4fc4;--c6:#8a6d00;--c7:#be2f55;--c8:#5b6572}
@media (prefers-color-scheme:dark){:root{--ground:#14181d;--soft:#1c2229;--ink:#e6e9ed;--quiet:#a3adb9;--rule:#353d47;--link:#86b7f5;
--good:#6fcf8b;--warn:#eeb057;--bad:#f58a80;--on:#14181d;
--c1:#76aef5;--c2:#f0a35c;--c3:#e58fd6;--c4:#58c9bb;--c5:#b39df0;--c6:#d9bf4e;--c7:#f487a3;--c8:#a9b2bd}}
*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Open Sans",sans-serif;background:var(--ground);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:66rem;padding:2.5rem 1.25rem 4rem;overflow-wrap:break-word}
h1,h2,h3{line-height:1.2;font-weight:650;text-wrap:balance;margin:0}
h1{font-size:1.15rem}
h2{font-size:1.45rem;margin:3.5rem 0 .75rem;padding-top:1.25rem;border-top:1px solid var(--rule)}
h3{font-size:1.12rem;margin:2.25rem 0 .5rem}
.title{font-size:.95rem;font-weight:650;margin:0 0 .4rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--link)}
code{font:.88em ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{margin:.5rem 0;padding:.75rem 1rem;background:var(--soft);border-radius:6px;white-space:pre-wrap}
.quiet{color:var(--quiet);font-size:.92rem}
.eyebrow{margin:0;color:var(--quiet);font-size:.9rem}
.verdict{display:flex;align-items:center;gap:.9rem;margin:1.6rem 0 .4rem;font-size:clamp(2.6rem,9vw,4.6rem);line-height:1;font-weight:750;text-transform:uppercase;letter-spacing:-.01em}
.verdict svg{width:.82em;height:.82em;flex:none}
.verdict.pass{color:var(--good)}.verdict.fail{color:var(--bad)}.verdict.invalid{color:var(--warn)}
.verdict svg .disc{fill:currentColor}.verdict svg .sign{fill:none;stroke:var(--ground);stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
.summary{font-size:1.2rem;line-height:1.45;max-width:44rem}
.caveats{margin:1.25rem 0;padding:.9rem 1.1rem;background:var(--soft);border-left:4px solid var(--warn);border-radius:0 6px 6px 0}
.caveats h2{margin:0 0 .4rem;padding:0;border:0;font-size:1rem}
.caveats ul{margin:0;padding-left:1.1rem}.caveats li{margin:.2rem 0;max-width:48rem}
dl.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1rem 1.5rem;margin:1.75rem 0 0;padding:1.1rem 0;border-block:1px solid var(--rule)}
dl.key div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
dl.key dt{color:var(--quiet);font-size:.85rem;line-height:1.3}
dl.key dd{margin:0;font-size:1.45rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;margin:1.25rem 0 0;padding:0;font-size:.92rem}
.scroll{overflow-x:auto;max-width:100%;border-radius:4px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4;margin:.6rem 0}
caption{text-align:left;color:var(--quiet);font-size:.85rem;padding:0 0 .35rem}
th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{font-weight:600;font-size:.82rem;color:var(--quiet);vertical-align:bottom;border-bottom-color:var(--quiet)}
tbody th{font-weight:600;min-width:7rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
table.narrow{width:auto}.narrow td,.narrow th{padding-right:1.5rem}.narrow tbody th{min-width:0}
.criteria table{min-width:52rem}
.criteria td:nth-child(6){color:var(--quiet);font-size:.86rem;min-width:15rem}
.outcome{display:inline-flex;align-items:center;gap:.35rem;font-weight:650;white-space:nowrap}
.outcome svg{width:.95em;height:.95em;flex:none}
.outcome .disc{fill:currentColor}.outcome .sign{fill:none;stroke:var(--ground);stroke-width:2.8;stroke-linecap:round;stroke-linejoin:round}
.outcome.pass{color:var(--good)}.outcome.fail{color:var(--bad)}.outcome.invalid{color:var(--warn)}
.sub{display:block;color:var(--quiet);font-size:.85rem;font-weight:400}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:0 2rem}
figure{margin:1.6rem 0 0;min-width:0}
figcaption{color:var(--quiet);font-size:.88rem;line-height:1.45;margin:.35rem 0 0;max-width:46rem}
details{font-size:.88rem;margin:.3rem 0 0}summary{cursor:pointer;color:var(--quiet)}
details table{width:auto;min-width:min(100%,24rem)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;list-style:none;margin:0 0 .15rem;padding:0;font-size:.85rem;color:var(--quiet)}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{width:22px;height:12px;flex:none;overflow:visible}
.plot svg{display:block;width:100%;height:auto}.plot svg.wide{min-width:46rem}.plot svg.half{min-width:26rem}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Open Sans",sans-serif;fill:var(--quiet);font-variant-numeric:tabular-nums}
svg .label{paint-order:stroke;stroke:var(--ground);stroke-width:4px}
thead .n{white-space:normal}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--quiet);stroke-width:1}
.line{fill:none;stroke-width:1.7;stroke-linejoin:round}.line.dashed path{stroke-dasharray:5 3}.line.dotted path{stroke-dasharray:1.5 3;stroke-linecap:round}
.line .dot{stroke:var(--ground);stroke-width:1.2}
.band path{stroke:var(--ground);stroke-width:.6}
.limit line{stroke:var(--ink);stroke-width:1.1;stroke-dasharray:2 4}
.mark line{stroke:var(--quiet);stroke-width:1}.mark circle{fill:var(--ink)}.mark text{fill:var(--ground);font-weight:650;font-size:9.5px}
.span text{fill:var(--on);font-size:10px}
${["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "good", "warn", "bad", "quiet"]
  .map(
    (tone) =>
      `.line.${tone}{stroke:var(--${tone})}.line.${tone} .dot{fill:var(--${tone})}.band.${tone} path,.span.${tone} rect{fill:var(--${tone})}`,
  )
  .join("\n")}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.85rem}
@media print{
:root{color-scheme:light;--ground:#fff;--soft:#f5f6f8;--ink:#000;--quiet:#454c55;--rule:#c8cdd4;--link:#000;--good:#1e7a3c;--warn:#8a5200;--bad:#b3261e;--on:#fff;
--c1:#1f5fae;--c2:#b45309;--c3:#a3238e;--c4:#0f766e;--c5:#6b4fc4;--c6:#8a6d00;--c7:#be2f55;--c8:#5b6572}
@page{margin:14mm}
html{font-size:10.5pt}body{max-width:none;padding:0}nav,details{display:none}
.scroll{overflow:visible}.criteria table{min-width:0}.criteria td:nth-child(6){min-width:0}.plot svg.wide,.plot svg.half{min-width:0}
table{font-size:.8rem}th,td{padding-right:.5rem}thead{display:table-header-group}tr,figure,.caveats,dl.key{break-inside:avoid}h2,h3,.title{break-after:avoid}
}
`;
