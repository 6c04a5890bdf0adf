/// What is the same in every report.
enum ReportPage {
  static let style = """
    :root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6577; --line: #d9dee7; --ground: #ffffff;
      --panel: #f5f7fa; --accent: #1f6feb; --good: #1a7f4b; --bad: #b42318; --choice: #fff5d6; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa5b8; --line: #323a48; --ground: #12161d;
      --panel: #1b212b; --accent: #6ea8fe; --good: #4cc38a; --bad: #ff8a80; --choice: #3a3216; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1180px; padding: 1.5rem; background: var(--ground); color: var(--ink);
      font: 15px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
    p { margin: .4rem 0; } .soft { color: var(--soft); }
    .notice { border: 1px solid var(--line); border-left: 4px solid var(--bad); padding: .5rem .8rem; margin: 1rem 0; }
    .choice { background: var(--panel); border-left: 4px solid var(--accent); padding: .8rem 1rem; margin: 1rem 0; }
    .choice strong { font-size: 1.15rem; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: .6rem; margin: .8rem 0 0; }
    .card { background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: .45rem .7rem; }
    .card b { display: block; font-size: 1.1rem; font-variant-numeric: tabular-nums; }
    .card span { color: var(--soft); font-size: .8rem; }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1rem; }
    .plot { background: var(--panel); border-radius: 6px; padding: .8rem; min-width: 0; }
    .plot h3 { margin: 0 0 .4rem; font-size: .95rem; } .plot div { position: relative; height: 300px; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .85rem; }
    th, td { padding: .32rem .55rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
    th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); }
    th { cursor: pointer; color: var(--soft); font-weight: 600; } th[aria-sort] { color: var(--accent); }
    tr.chosen td { background: var(--choice); font-weight: 600; } td.neg { color: var(--bad); } td.pos { color: var(--good); }
    .tabs button { font: inherit; padding: .25rem .8rem; border: 1px solid var(--line); background: var(--panel);
      color: var(--ink); cursor: pointer; } .tabs button[aria-pressed=true] { background: var(--accent); color: #fff; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
    dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
    pre { background: var(--panel); padding: .8rem; overflow-x: auto; font-size: .8rem; border-radius: 6px; }
    @media print { body { max-width: none; } .tabs, th { cursor: auto; } .plots { display: block; } .plot { break-inside: avoid; } }
    """

  static let body = """
    <header><h1 id="title"></h1><p class="soft" id="subtitle"></p></header>
    <div id="simulated" class="notice" hidden>This market is <b>simulated</b>. Nothing here is a statement about a real one.</div>
    <section class="choice"><strong id="chosen"></strong><p id="reason"></p><div class="cards" id="cards"></div></section>
    <section class="plots">
      <div class="plot"><h3 id="frontier-title"></h3><div><canvas id="frontier"></canvas></div></div>
      <div class="plot"><h3>Equity on the test part, net of costs (% of notional)</h3><div><canvas id="equity"></canvas></div></div>
      <div class="plot"><h3>One decision (ns, logarithmic)</h3><div><canvas id="latency"></canvas></div></div>
      <div class="plot"><h3>Decisions that differ from the teacher's (test part, % of decisions)</h3><div><canvas id="flips"></canvas></div></div>
    </section>
    <h2>Candidates</h2>
    <p class="tabs"><button data-part="test" aria-pressed="true">test</button><button data-part="validation" aria-pressed="false">validation</button>
      <span class="soft">The choice saw the validation part only; the test part reports. Click a heading to sort.</span></p>
    <div class="scroll"><table id="candidates"><thead></thead><tbody></tbody></table></div>
    <p class="soft" id="legend"></p>
    \(StepSection.body)
    <h2>Without a model</h2>
    <div class="scroll"><table id="baselines"><thead></thead><tbody></tbody></table></div>
    <div id="truth-section" hidden><h2>What could be known</h2><div class="scroll"><table id="truth"><thead></thead><tbody></tbody></table></div>
      <p class="soft">Expectations under the simulator's true probabilities. <i>Bayes</i> is the exact filter on what a model can observe; <i>oracle</i> sees the hidden state.</p><pre id="market"></pre></div>
    <h2>Data</h2><dl id="data"></dl>
    <h2>Say it again</h2><p class="soft" id="again"></p><pre id="configuration"></pre>
    """

  /// What sections read.
  static let reading = #"""
    const results = JSON.parse(byId('results').textContent);
    const { candidates, baselines, data } = results;
    """#

  /// After `PageScript.common`, `reading` and `StepSection.script`.
  static let script = #"""
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(name).trim();
    const palette = ['#1f6feb', '#d97706', '#059669', '#9333ea', '#dc2626', '#0891b2', '#b45309', '#4d7c0f', '#be185d', '#475569', '#7c3aed', '#0f766e'];
    const chosen = candidates.find(candidate => candidate.name === results.chosen);

    byId('title').textContent = results.experiment;
    byId('subtitle').textContent = `${data.source} · ${data.symbols.join(', ')} · ${data.interval} · seed ${results.seed}`;
    byId('simulated').hidden = !data.source.startsWith('simulated');
    byId('chosen').textContent = results.chosen ? `Chosen: ${results.chosen}` : 'Nothing is within the budget';
    byId('reason').textContent = results.reason;
    if (chosen) for (const [label, text] of [
      ['net return, test', percent(chosen.test.net_return)], ['Sharpe ratio, test', number(chosen.test.sharpe)],
      ['largest drawdown, test', percent(chosen.test.max_drawdown)], ['accuracy, test', percent(chosen.test.accuracy)],
      ['decisions changed, test', percent(chosen.test.flips.rate)], ['p50 / p99', `${number(chosen.latency_ns.p50, 0)} / ${number(chosen.latency_ns.p99, 0)} ns`],
      ['artifact', bytes(chosen.bytes)], ['smaller than the teacher', number(chosen.compression_ratio, 1) + ' ×']]) {
      const card = make('div', undefined, { class: 'card' });
      card.append(make('b', text), make('span', label));
      byId('cards').append(card);
    }

    const figures = {
      'net-return': ['net return (%)', c => 100 * c.net_return], 'sharpe': ['Sharpe ratio', c => c.sharpe],
      'accuracy': ['accuracy (%)', c => 100 * c.accuracy], 'skill': ['skill (% points)', c => 100 * c.skill], 'log-loss': ['log loss', c => c.log_loss],
      'agreement': ['agreement (%)', c => 100 * c.agreement], 'decisions-changed': ['decisions changed (%)', c => 100 * c.flips.rate], 'max-drawdown': ['drawdown (%)', c => 100 * c.max_drawdown] };
    const costs = { 'bytes': ['artifact (bytes)', c => c.bytes], 'plan-bytes': ['resident in the plan (bytes)', c => c.plan_bytes],
      'parameters': ['parameters', c => c.parameters], 'latency': ['p50 (ns)', c => c.latency_ns.p50] };
    const quality = figures[results.objectives.find(name => figures[name]) || 'log-loss'];
    const cost = costs[results.objectives.find(name => costs[name]) || 'bytes'];
    const animation = { animation: false, responsive: true, maintainAspectRatio: false };
    Chart.defaults.color = colour('--soft');
    Chart.defaults.borderColor = colour('--line');
    byId('frontier-title').textContent = `Frontier on the validation part: ${quality[0]} against ${cost[0]}`;
    const point = c => ({ x: cost[1](c), y: quality[1](c.validation), candidate: c });
    const tip = c => [c.name, c.made, `validation ${quality[0]} ${number(quality[1](c.validation), 3)}`, `${cost[0]} ${number(cost[1](c), 0)}`,
      `p50 ${number(c.latency_ns.p50, 0)} ns`, c.within_budget ? 'within the budget' : 'outside the budget'];
    const set = (label, list, color, radius, shape) => ({ label, data: list.map(point), backgroundColor: color, borderColor: color, pointRadius: radius, pointHoverRadius: radius + 3, pointStyle: shape });
    new Chart(byId('frontier'), { type: 'scatter', data: { datasets: [
      ...(chosen ? [{ ...set('chosen', [chosen], 'transparent', 11, 'circle'), pointBorderColor: colour('--accent'), pointBorderWidth: 3 }] : []),
      { ...set('frontier', candidates.filter(c => c.pareto).sort((a, b) => cost[1](a) - cost[1](b)), '#059669', 6, 'circle'), showLine: true, borderWidth: 1 },
      set('dominated', candidates.filter(c => !c.pareto), '#94a3b8', 5, 'rectRot')] },
      options: { ...animation, scales: { x: { type: 'logarithmic', title: { display: true, text: cost[0] } }, y: { title: { display: true, text: quality[0] } } },
        plugins: { legend: { labels: { usePointStyle: true } }, tooltip: { callbacks: { label: item => tip(item.raw.candidate) } } } } });

    const lines = [...candidates.map(c => [c.name, c.equity]), ...baselines.filter(b => b.name !== 'flat').map(b => [b.name, b.equity])];
    new Chart(byId('equity'), { type: 'line', data: { datasets: lines.map(([name, equity], index) => ({ label: name, data: equity.map(p => ({ x: p.time, y: 100 * p.net })),
      borderColor: palette[index % palette.length], backgroundColor: palette[index % palette.length], borderWidth: name === results.chosen ? 3 : 1.2, pointRadius: 0, borderDash: baselines.some(b => b.name === name) ? [5, 4] : [] })) },
      options: { ...animation, parsing: false, interaction: { mode: 'nearest', axis: 'x', intersect: false }, plugins: { legend: { position: 'bottom', labels: { boxWidth: 12 } },
          tooltip: { callbacks: { title: items => new Date(items[0].parsed.x).toISOString().slice(0, 10), label: item => `${item.dataset.label} ${number(item.parsed.y)} %` } } },
        scales: { x: { type: 'linear', ticks: { maxTicksLimit: 7, callback: value => new Date(value).toISOString().slice(0, 10) } } } } });
    const bars = (id, datasets, options = {}) => new Chart(byId(id), { type: 'bar', data: { labels: candidates.map(c => c.name), datasets },
      options: { ...animation, ...options, plugins: { legend: { position: 'bottom', labels: { boxWidth: 12 } } } } });
    bars('latency', ['p50', 'p99', 'p999'].map((key, index) => ({ label: key === 'p999' ? 'p99.9' : key, data: candidates.map(c => c.latency_ns[key]), backgroundColor: palette[index] })), { scales: { y: { type: 'logarithmic' } } });
    const decisions = data.test.rows;
    bars('flips', ['missed', 'false', 'reversed'].map((key, index) => ({ label: key, data: candidates.map(c => 100 * c.test.flips[key] / decisions), backgroundColor: palette[index + 1] })), { scales: { x: { stacked: true }, y: { stacked: true } } });

    let part = 'test';
    const columns = [
      ['candidate', c => c.name, text => text], ['artifact', c => c.bytes, bytes], ['ratio', c => c.compression_ratio, v => number(v, 1) + ' ×'], ['plan', c => c.plan_bytes, bytes],
      ['parameters', c => c.parameters, v => number(v, 0)], ['p50 ns', c => c.latency_ns.p50, v => number(v, 0)], ['p99 ns', c => c.latency_ns.p99, v => number(v, 0)],
      ['accuracy', c => c[part].accuracy, percent], ['balanced', c => c[part].balanced_accuracy, percent], ['log loss', c => c[part].log_loss, v => number(v, 4)],
      ['skill', c => c[part].skill, percent], ['agreement', c => c[part].agreement, percent], ['changed', c => c[part].flips.rate, percent],
      ['gross', c => c[part].gross_return, percent, true], ['net', c => c[part].net_return, percent, true], ['break-even bp', c => c[part].break_even_bp, number], ['Sharpe', c => c[part].sharpe, number, true],
      ['drawdown', c => c[part].max_drawdown, percent], ['turnover / day', c => c[part].turnover, number], ['trades', c => c[part].trades, v => number(v, 0)],
      ['net, a candle later', c => c[part].fill_one_later.net_return, percent, true], ['net, teacher\'s thresholds', c => c[part].at_teacher_thresholds.net_return, percent, true],
      ['frontier', c => c.pareto ? 1 : 0, v => v ? 'yes' : ''], ['budget', c => c.within_budget ? 1 : 0, v => v ? 'within' : 'outside']];
    let order = { column: -1, down: false };
    const cell = (value, format, signed) => make('td', format(value), signed && value !== null ? { class: value < 0 ? 'neg' : 'pos' } : {});
    function draw() {
      const head = byId('candidates').tHead, body = byId('candidates').tBodies[0];
      head.replaceChildren(make('tr')); body.replaceChildren();
      columns.forEach(([name], index) => {
        const heading = make('th', name, { tabindex: 0, scope: 'col' });
        if (order.column === index) heading.setAttribute('aria-sort', order.down ? 'descending' : 'ascending');
        heading.onclick = () => { order = { column: index, down: order.column === index ? !order.down : index > 0 }; draw(); };
        heading.onkeydown = event => { if (event.key === 'Enter') heading.onclick(); };
        head.rows[0].append(heading);
      });
      const rows = [...candidates];
      if (order.column >= 0) {
        const value = columns[order.column][1];
        rows.sort((a, b) => { const [x, y] = [value(a), value(b)]; const sign = order.down ? -1 : 1;
          return x === null ? 1 : y === null ? -1 : x < y ? -sign : x > y ? sign : 0; });
      }
      for (const candidate of rows) {
        const row = make('tr', undefined, { title: candidate.made });
        if (candidate.name === results.chosen) row.className = 'chosen';
        for (const [, value, format, signed] of columns) row.append(cell(value(candidate), format, signed));
        body.append(row);
      }
      drawPrecisions(part);
    }
    document.querySelectorAll('.tabs button').forEach(button => button.onclick = () => {
      part = button.dataset.part;
      document.querySelectorAll('.tabs button').forEach(other => other.setAttribute('aria-pressed', other === button));
      draw();
    });
    draw();
    byId('legend').textContent = 'Changed: decisions at the teacher\'s thresholds that differ from the teacher\'s. Skill: accuracy above that of always saying the training majority' +
      (results.truth ? ', both expected under the true probabilities.' : '.') + ' Sharpe ratio: daily net, × √365; – where undefined.';

    const simple = (id, heads, rows) => {
      const head = make('tr'); heads.forEach(text => head.append(make('th', text))); byId(id).tHead.append(head);
      rows.forEach(values => { const row = make('tr'); values.forEach(text => row.append(make('td', text))); byId(id).tBodies[0].append(row); });
    };
    simple('baselines', ['position', 'gross, test', 'net, test', 'Sharpe, test', 'drawdown, test', 'net, validation'],
      baselines.map(b => [b.name, percent(b.test.gross_return), percent(b.test.net_return), number(b.test.sharpe), percent(b.test.max_drawdown), percent(b.validation.net_return)]));
    if (results.truth) {
      byId('truth-section').hidden = false;
      const teacher = candidates.find(c => c.role === 'teacher');
      simple('truth', ['part', 'oracle skill', 'Bayes skill', 'teacher\'s skill', 'teacher\'s share of Bayes', 'Bayes log loss'],
        ['validation', 'test'].map(name => { const t = results.truth[name]; return [name, percent(t.oracle_skill), percent(t.bayes_skill), percent(teacher[name].skill), percent(teacher[name].skill / t.bayes_skill, 1), number(t.bayes_log_loss, 4)]; }));
      byId('market').textContent = results.truth.market.join('\n');
    }
    for (const [name, text] of [['source', data.source], ['candles', `${number(data.candles, 0)} of ${data.interval}, ${number(data.missing_candles, 0)} missing`],
      ['rows', `${number(data.rows, 0)}: train ${number(data.train.rows, 0)} (${data.train.first} – ${data.train.last}), validation ${number(data.validation.rows, 0)} (${data.validation.first} – ${data.validation.last}), test ${number(data.test.rows, 0)} (${data.test.first} – ${data.test.last})`],
      ['label', `${data.classes.join(' / ')} over ${data.horizon} candles from the first possible fill`], ['features', data.features.join(', ')],
      ['clipped', Object.entries(data.clipped).map(([name, share]) => `${name} ${percent(share, 3)}`).join(', ')], ['digest', data.digest],
      ['kernels', results.kernels ? `${results.kernels}, cost table ${results.costs}` : '–']])
      byId('data').append(make('dt', name), make('dd', text));
    byId('again').textContent = `pare run EXPERIMENT.yaml --seed ${results.seed}, with this experiment:`;
    byId('configuration').textContent = results.configuration;
    """#
}
