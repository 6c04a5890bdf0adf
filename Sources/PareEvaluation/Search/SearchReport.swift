/// The report of a search: one HTML file that opens offline and fetches nothing.
public struct SearchReport: Sendable {
  private let results: SearchResults

  public init(_ results: SearchResults) {
    self.results = results
  }

  /// The page. Everything that varies enters as a JSON block, which cannot end its element early or run as code.
  public func html() throws -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Pare: search</title>
    <style>\(ReportPage.style)\(Self.style)</style>
    </head>
    <body>
    \(Self.body)
    <script type="application/json" id="results">\(PageData.escaped(try results.json(pretty: false)))</script>
    <script>\(ChartLibrary.script)</script>
    <script>\([PageScript.common, ObjectiveScript.script, Self.script].joined(separator: "\n"))</script>
    </body>
    </html>
    """
  }

  private static let style = """
    .axes label { margin-right: 1rem; } .axes select { font: inherit; background: var(--panel); color: var(--ink); }
    .plot.wide div { height: 440px; } td.words, th.words { text-align: left; white-space: normal; min-width: 18rem; }
    tr.dominated td { color: var(--soft); }
    """

  private static let body = """
    <header><h1 id="title"></h1><p class="soft" id="subtitle"></p></header>
    <div id="simulated" class="notice" hidden>This market is <b>simulated</b>. Nothing here is a statement about a real one.</div>
    <section class="choice"><strong id="chosen"></strong><p id="reason"></p></section>
    <p class="axes"><label>across <select id="x"></select></label><label>up <select id="y"></select></label></p>
    <section class="plot wide"><div><canvas id="frontier"></canvas></div></section>
    <h2>Frontier</h2><p class="soft">Validation part, by which everything was chosen; the columns of the test part only report. Nanoseconds are the cost table's.</p><div id="table"></div>
    <h2>Dominated</h2><div id="dominated"></div>
    <div id="failed-section" hidden><h2>Failed</h2><div id="failed"></div></div>
    <h2>Say it again</h2><dl id="data"></dl><pre id="configuration"></pre>
    """

  private static let script = #"""
    const results = JSON.parse(byId('results').textContent);
    const style = getComputedStyle(document.documentElement), colour = name => style.getPropertyValue(name).trim();
    const name = t => t.ordinal === 0 ? 'teacher' : 'trial-' + String(t.ordinal).padStart(4, '0');
    // By objective: what an axis says, the figure of a trial, its words, whether its sign is coloured.
    const path = ({ path }) => path[0] === 'latency_ns' ? ['estimate_ns'] : path;
    const figures = Object.fromEntries(Object.entries(objectives).map(([key, one]) =>
      [key, [key === 'latency' ? 'ns by the cost table' : one.title, t => followed(t.figures, path(one)), units[one.unit], key === 'net-return' || key === 'sharpe']]));
    const costs = Object.keys(objectives).filter(key => !objectives[key].isQuality);
    const done = results.trials.filter(t => !isMissing(t.figures)), chosen = done.find(t => name(t) === results.chosen);
    byId('title').textContent = results.search;
    byId('subtitle').textContent = `${results.source} · ${results.method}, seed ${results.seed} · ${whole(results.recipes_evaluated)} of ${whole(results.planned)} trials, ${whole(results.combinations)} combinations, ${whole(results.failed)} failed`;
    byId('simulated').hidden = !results.source.startsWith('simulated');
    byId('chosen').textContent = results.chosen ? `Chosen: ${results.chosen}` : 'Nothing is within the budget';
    byId('reason').textContent = results.reason + (chosen ? ` Made by: ${chosen.made}.` : '');

    const first = costs.find(key => results.objectives.includes(key)) || 'bytes';
    const second = results.objectives.find(key => key !== first) || 'log-loss';
    for (const [id, wanted] of [['x', first], ['y', second]]) {
      for (const [key, [label]] of Object.entries(figures)) byId(id).append(make('option', label + (results.objectives.includes(key) ? ' (objective)' : ''), { value: key }));
      byId(id).value = wanted;
      byId(id).onchange = draw;
    }
    const tip = t => [name(t), ...t.made.split(', then '), ...results.objectives.map(key => `${figures[key][0]} ${figures[key][2](figures[key][1](t))}`),
      `accuracy ${percent(t.figures.validation.accuracy)}, net return ${percent(t.figures.validation.net_return)}`, `${bytes(t.figures.bytes)}, ${number(t.figures.estimate_ns, 1)} ns`, t.within_budget ? 'within the budget' : 'outside the budget'];
    Chart.defaults.color = colour('--soft');
    Chart.defaults.borderColor = colour('--line');
    let chart;
    function draw() {
      const [x, y] = ['x', 'y'].map(id => figures[byId(id).value]);
      const isCost = id => costs.includes(byId(id).value);
      const set = (label, list, color, radius, shape) => ({ label, data: list.filter(t => !isMissing(x[1](t)) && !isMissing(y[1](t))).map(t => ({ x: x[1](t), y: y[1](t), trial: t })),
        backgroundColor: color, borderColor: color, pointRadius: radius, pointHoverRadius: radius + 3, pointStyle: shape });
      const axis = (id, [label, , words]) => ({ type: isCost(id) ? 'logarithmic' : 'linear', title: { display: true, text: label }, ticks: { callback: value => words(value) } });
      if (chart) chart.destroy();
      chart = new Chart(byId('frontier'), { type: 'scatter', data: { datasets: [
        ...(chosen ? [{ ...set('chosen', [chosen], 'transparent', 11, 'circle'), pointBorderColor: colour('--accent'), pointBorderWidth: 3 }] : []),
        { ...set('frontier', done.filter(t => t.pareto).sort((a, b) => x[1](a) - x[1](b)), '#059669', 6, 'circle'), showLine: results.objectives.length === 2, borderWidth: 1 },
        set('dominated', done.filter(t => !t.pareto && t.within_budget), '#94a3b8', 4, 'rectRot'), set('outside the budget', done.filter(t => !t.within_budget), '#dc2626', 4, 'crossRot')] },
        options: { animation: false, responsive: true, maintainAspectRatio: false, scales: { x: axis('x', x), y: axis('y', y) },
          plugins: { legend: { labels: { usePointStyle: true } }, tooltip: { callbacks: { label: item => tip(item.raw.trial) } } } } });
    }
    draw();

    const shown = [...results.objectives, ...Object.keys(figures).filter(key => !results.objectives.includes(key) && key !== 'plan-bytes' && key !== 'max-drawdown')];
    const columns = [['trial', name, text => text], ...shown.map(key => figures[key]), ['budget', t => t.within_budget, v => v ? 'within' : 'outside']];
    const made = ['made by', t => t.made, text => text];
    const test = pick => t => isMissing(t.test) ? null : pick(t.test);
    const list = (id, columns, rows, kind) => {
      const element = table(columns, rows, t => ({ class: name(t) === results.chosen ? 'chosen' : kind }));
      element.querySelectorAll('tr').forEach(row => { if (row.lastChild) row.lastChild.className = 'words'; });
      byId(id).append(element);
    };
    const sorted = rows => [...rows].sort((a, b) => figures[first][1](a) - figures[first][1](b));
    list('table', [...columns, ['accuracy, test', test(m => m.accuracy), percent], ['log loss, test', test(m => m.log_loss), v => number(v, 4)],
      ['net, test', test(m => m.net_return), percent, true], ['Sharpe, test', test(m => m.sharpe), number, true], made], sorted(done.filter(t => t.pareto || t === chosen)), 'frontier');
    list('dominated', [...columns, made], sorted(done.filter(t => !t.pareto && t !== chosen)), 'dominated');
    const failed = results.trials.filter(t => !isMissing(t.error));
    byId('failed-section').hidden = failed.length === 0;
    list('failed', [['trial', name, text => text], made, ['why', t => t.error, text => text]], failed, 'dominated');
    for (const [label, text] of [['data', results.data], ['teacher', results.teacher], ['cost table', `${results.costs}, kernels ${results.kernels}`],
      ['hypervolume', `${number(results.hypervolume, 3)} of the box from the best figures found to a tenth beyond the worst`]]) byId('data').append(make('dt', label), make('dd', text));
    byId('configuration').textContent = results.configuration;
    """#
}
