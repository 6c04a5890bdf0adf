extension PageSection {
  /// Positions without a model, what could be known, what the run was fed, and how to have it again.
  static let data = PageSection(
    body: """
      <h2>Without a model</h2><div id="baselines"></div>
      <section id="truth-section" hidden><h2>What could be known</h2><div id="truth"></div>
        <p class="soft">Expectations under the simulator's true probabilities. <i>Bayes</i> is the exact filter on what a model can observe; <i>oracle</i> sees the hidden state.</p><pre id="market"></pre></section>
      <h2>Data</h2><dl id="data"></dl>
      <section id="leaks-section" hidden><h2>Looking for leaks</h2><p class="soft">Where something of the future could have come into a model, and what was found.</p><div id="leaks"></div></section>
      <h2>Say it again</h2><dl id="recipe"></dl><p class="soft" id="again"></p><pre id="configuration"></pre>
      """,
    script: #"""
      byId('baselines').append(table([['position', b => b.name, text], ...['test', 'validation'].flatMap(part => [[`gross, ${part}`, b => b[part].gross_return, percent, true], [`net, ${part}`, b => b[part].net_return, percent, true],
        [`Sharpe, ${part}`, b => b[part].sharpe, number, true], [`drawdown, ${part}`, b => b[part].max_drawdown, percent]])], baselines));
      if (results.truth) {
        byId('truth-section').hidden = false;
        const share = part => original[part].skill / results.truth[part].bayes_skill;
        byId('truth').append(table([['part', part => part, text], ['oracle skill', part => results.truth[part].oracle_skill, percent], ['Bayes skill', part => results.truth[part].bayes_skill, percent], ['original\'s skill', part => original[part].skill, percent],
          ['its share of Bayes', share, v => percent(v, 1)], ['Bayes log loss', part => results.truth[part].bayes_log_loss, v => number(v, 4)]], ['validation', 'test']));
        byId('market').append(results.truth.market.join('\n'));
      }
      const span = part => `${whole(data[part].rows)} rows, ${data[part].first} – ${data[part].last} UTC`;
      describe(byId('data'), [['source', data.source], ['symbols', data.symbols.join(', ')], ['candles', `${whole(data.candles)} of ${data.interval}; ${data.missing_candles ? `${whole(data.missing_candles)} missing within the span` : 'none missing'}`],
        ['train', span('train')], ['validation', span('validation')], ['test', span('test')], ['label', `${data.classes.join(' / ')} over ${data.horizon} candles from the first possible fill`], ['features', data.features.join(', ')],
        ['clipped', Object.entries(data.clipped).map(([name, share]) => `${name} ${percent(share, 3)}`).join(', ')], ['digest', data.digest], ['kernels', results.kernels ? `${results.kernels}, cost table ${results.costs}` : '–']]);
      {
        const leaks = results.leaks || [], outcome = word => ({ passed: '✓ passed', leaks: '✗ leaks', suspicious: '? suspicious', unchecked: '– unchecked' })[word] || word;
        byId('leaks-section').hidden = leaks.length === 0;
        byId('leaks').append(asWords(table([['check', leak => leak.name, text], ['outcome', leak => leak.outcome, outcome], ['found', leak => leak.words, text]], leaks), 1, 2));
      }
      describe(byId('recipe'), [...(chosen ? [['chosen', `${chosen.made}${chosen.from ? `, from ${chosen.from}` : ''}`], ['artifact', chosen.artifact]] : []), ['seed', String(results.seed)]]);
      byId('again').append(`pare run EXPERIMENT.yaml --seed ${results.seed} with this experiment gives the same figures but for latencies; --latency-from results.json keeps these too.`);
      byId('configuration').append(results.configuration);
      """#)
}
