/// The look of every page: light and dark, on a telephone and on paper.
enum PageStyle {
  static let common = """
    :root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6577; --line: #d9dee7; --ground: #ffffff;
      --panel: #f5f7fa; --accent: #1f6feb; --on-accent: #ffffff; --good: #1a7f4b; --bad: #b42318; --choice: #fff5d6; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa5b8; --line: #323a48; --ground: #12161d;
      --panel: #1b212b; --accent: #6ea8fe; --on-accent: #10151d; --good: #4cc38a; --bad: #ff8a80; --choice: #3a3216; } }
    @media print { :root { color-scheme: light; --ink: #000000; --soft: #444444; --line: #cccccc; --ground: #ffffff; --panel: #ffffff;
      --accent: #1f6feb; --on-accent: #ffffff; --good: #1a7f4b; --bad: #b42318; --choice: #fff5d6; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1180px; padding: 1.5rem; background: var(--ground); color: var(--ink);
      font: 15px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
    h3 { font-size: .95rem; margin: 1.2rem 0 .4rem; } p { margin: .4rem 0; } .soft { color: var(--soft); } a { color: var(--accent); }
    .notice { border: 1px solid var(--line); border-left: 4px solid var(--bad); padding: .5rem .8rem; margin: 1rem 0; }
    .choice { background: var(--panel); border-left: 4px solid var(--accent); padding: .8rem 1rem; margin: 1rem 0; }
    .choice strong { font-size: 1.15rem; }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1rem; margin: .6rem 0; }
    .plot { background: var(--panel); border-radius: 6px; padding: .8rem; min-width: 0; }
    .plot h3 { margin: 0 0 .4rem; } .plot div { position: relative; height: 300px; } .plot.wide div { height: 420px; }
    .scroll { overflow-x: auto; margin: .4rem 0; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .85rem; }
    th, td { padding: .32rem .55rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
    th { color: var(--soft); font-weight: 600; vertical-align: bottom; } th[aria-sort] { color: var(--accent); }
    th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); }
    td.words, th.words { text-align: left; white-space: normal; min-width: 14rem; }
    th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    th[aria-sort=ascending] button::after { content: ' ↑'; } th[aria-sort=descending] button::after { content: ' ↓'; }
    tr.chosen td { background: var(--choice); font-weight: 600; } td.neg { color: var(--bad); } td.pos { color: var(--good); }
    td small { display: block; color: var(--soft); font-weight: 400; }
    .verdict { white-space: nowrap; font-weight: 600; } .verdict.kept { color: var(--good); } .verdict.lost { color: var(--bad); }
    .verdict.undetermined, .verdict.no-skill-to-keep { color: var(--soft); }
    .controls { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; margin: .5rem 0; }
    .controls select { font: inherit; background: var(--panel); color: var(--ink); border: 1px solid var(--line); padding: .15rem .3rem; max-width: 100%; }
    .buttons { display: inline-flex; flex-wrap: wrap; } .buttons button { font: inherit; padding: .2rem .8rem; border: 1px solid var(--line); background: var(--panel); color: var(--ink);
      cursor: pointer; } .buttons button[aria-pressed=true] { background: var(--accent); color: var(--on-accent); text-decoration: underline; }
    fieldset { border: 1px solid var(--line); padding: .1rem .6rem .3rem; margin: 0; min-width: 0; } legend { color: var(--soft); font-size: .8rem; }
    fieldset label { display: inline-block; margin-right: .8rem; }
    dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1rem; margin: 0; }
    dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
    pre { background: var(--panel); padding: .8rem; overflow-x: auto; font-size: .8rem; border-radius: 6px; }
    details { border-top: 1px solid var(--line); padding: .35rem 0; } details:last-of-type { border-bottom: 1px solid var(--line); }
    td details, td details:last-of-type { border: 0; padding: 0; white-space: normal; text-align: left; } summary { cursor: pointer; } summary b { margin-right: .5rem; }
    @media (max-width: 600px) { body { padding: .8rem; } .plot { padding: .5rem; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
      th:first-child, td:first-child { min-width: 6.5rem; max-width: 38vw; overflow-wrap: break-word; white-space: normal; } }
    @media print { body { max-width: none; padding: 0; font-size: 12px; } .controls, nav { display: none; } .scroll { overflow: visible; }
      .plots { display: block; } .plot, tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } canvas { max-width: 100%; }
      pre { white-space: pre-wrap; } table { font-size: .7rem; } th, td { white-space: normal; padding: .2rem .3rem; } }
    """
}
