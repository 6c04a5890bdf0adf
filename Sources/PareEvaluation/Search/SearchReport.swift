/// The report of a search: one HTML file that opens offline and fetches nothing.
public struct SearchReport: Sendable {
  private let results: SearchResults

  public init(_ results: SearchResults) {
    self.results = results
  }

  /// The page.
  public func html() throws -> String {
    HTMLPage(
      title: "search", sections: [Self.section], data: [("results", PageData.escaped(try results.json(pretty: false)))],
      scripts: [ObjectiveScript.script, FrontierScript.script]
    ).html
  }

  private static let section = PageSection(
    style: """
      tr.dominated td { color: var(--soft); }
      """,
    body: """
      <header><h1 id="title"></h1><p class="soft" id="subtitle"></p></header>
      <div id="simulated" class="notice" hidden>This market is <b>simulated</b>. Nothing here is a statement about a real one.</div>
      <section class="choice"><strong id="chosen"></strong><p id="reason"></p></section>
      \(FrontierScript.body)
      <h2>Frontier</h2><p class="soft">Validation part, by which everything was chosen; the columns of the test part only report. Nanoseconds are the cost table's.</p><div id="table"></div>
      <h2>Dominated</h2><div id="dominated"></div>
      <div id="failed-section" hidden><h2>Failed</h2><div id="failed"></div></div>
      <h2>Say it again</h2><dl id="data"></dl><pre id="configuration"></pre>
      """,
    script: #"""
      const results = JSON.parse(byId('results').textContent);
      const name = t => t.ordinal === 0 ? 'teacher' : 'trial-' + String(t.ordinal).padStart(4, '0');
      // By objective: what an axis says, the figure of a trial, its words, whether its sign is coloured.
      const path = ({ path }) => path[0] === 'latency_ns' ? ['estimate_ns'] : path;
      const figures = Object.fromEntries(Object.entries(objectives).map(([key, one]) =>
        [key, [key === 'latency' ? 'ns by the cost table' : one.title, t => followed(t.figures, path(one)), units[one.unit], one.isSigned]]));
      const costs = Object.keys(objectives).filter(key => !objectives[key].isQuality);
      const done = results.trials.filter(t => !isMissing(t.figures)), chosen = done.find(t => name(t) === results.chosen);
      byId('title').append(results.search);
      byId('subtitle').append(`${results.source} · ${results.method}, seed ${results.seed} · ${whole(results.recipes_evaluated)} of ${whole(results.planned)} trials, ${whole(results.combinations)} combinations, ${whole(results.failed)} failed`);
      byId('simulated').hidden = !results.source.startsWith('simulated');
      byId('chosen').append(results.chosen ? `Chosen: ${results.chosen}` : 'Nothing is within the budget');
      byId('reason').append(results.reason + (chosen ? ` Made by: ${chosen.made}.` : ''));
      const tip = t => [...t.made.split(', then '), ...results.objectives.map(key => `${figures[key][0]} ${figures[key][2](figures[key][1](t))}`),
        `accuracy ${percent(t.figures.validation.accuracy)}, net return ${percent(t.figures.validation.net_return)}`, `${bytes(t.figures.bytes)}, ${number(t.figures.estimate_ns, 1)} ns`, t.within_budget ? 'within the budget' : 'outside the budget'];
      drawFrontier({ models: done, name, figures, costs, wanted: results.objectives, chosen, isFrontier: t => t.pareto, isWithin: t => t.within_budget, tip });

      const first = costs.find(key => results.objectives.includes(key)) || 'bytes';
      const shown = [...results.objectives, ...['accuracy', 'net-return', 'gross-return', 'sharpe', 'agreement', 'decisions-changed', 'log-loss', 'bytes', 'parameters', 'latency'].filter(key => !results.objectives.includes(key))];
      const columns = [['trial', name, text], ...shown.map(key => figures[key]), ['budget', t => t.within_budget ? 'within' : 'outside', text]];
      const made = ['made by', t => t.made, text], test = pick => t => isMissing(t.test) ? null : pick(t.test);
      const list = (id, columns, rows, kind) => byId(id).append(asWords(table(columns, rows, t => ({ class: name(t) === results.chosen ? 'chosen' : kind })), columns.length - 1));
      const sorted = rows => [...rows].sort((a, b) => figures[first][1](a) - figures[first][1](b));
      list('table', [...columns, ['accuracy, test', test(m => m.accuracy), percent], ['log loss, test', test(m => m.log_loss), v => number(v, 4)],
        ['net, test', test(m => m.net_return), percent, true], ['Sharpe, test', test(m => m.sharpe), number, true], made], sorted(done.filter(t => t.pareto || t === chosen)), 'frontier');
      list('dominated', [...columns, made], sorted(done.filter(t => !t.pareto && t !== chosen)), 'dominated');
      const failed = results.trials.filter(t => !isMissing(t.error));
      byId('failed-section').hidden = failed.length === 0;
      list('failed', [['trial', name, text], made, ['why', t => t.error, text]], failed, 'dominated');
      describe(byId('data'), [['data', results.data], ['teacher', results.teacher], ['cost table', `${results.costs}, kernels ${results.kernels}`],
        ['hypervolume', `${number(results.hypervolume, 3)} of the box from the best figures found to a tenth beyond the worst`]]);
      byId('configuration').append(results.configuration);
      """#)
}
