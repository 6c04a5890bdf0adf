extension PageSection {
  /// Which models keep what the original earns, market by market.
  static let series = PageSection(
    style: """
      #matrix td { text-align: center; } #matrix th:not(:first-child) { text-align: center; } #matrix td:first-child { text-align: left; }
      td.kept { background: color-mix(in srgb, var(--good) 20%, transparent); } td.lost { background: color-mix(in srgb, var(--bad) 20%, transparent); }
      td.undetermined { background: color-mix(in srgb, var(--soft) 12%, transparent); }
      """,
    body: """
      <header><h1 id="title"></h1><p class="soft" id="subtitle"></p></header>
      <h2>Verdicts</h2><div id="matrix"></div><p class="soft" id="matrix-note"></p>
      """,
    script: #"""
      const results = JSON.parse(byId('results').textContent), { markets, cases } = results;
      const names = [...new Set(markets.flatMap(market => market.models.map(model => model.name)))];
      const modelOf = (market, name) => market.models.find(model => model.name === name);
      const ranks = ['kept', 'undetermined', 'no-skill-to-keep', 'lost'];
      byId('title').append(results.experiment);
      byId('subtitle').append(`${markets.length} ${markets.length === 1 ? 'market' : 'markets'} · ${results.seeds.length === 1 ? 'seed' : 'seeds'} ${results.seeds.join(', ')}, pooled · test parts`);
      {
        const rows = [{ isOriginal: true }, ...names.filter(name => markets.some(market => (modelOf(market, name) || {}).verdict)).map(name => ({ name }))];
        const cell = (market, { isOriginal, name }) => {
          if (isOriginal) {
            const box = make('span', percent(market.original_gross.estimate) + ' gross');
            box.append(make('small', `${between(market.original_gross, percent)}, ${whole(market.test_days)} days`));
            return box;
          }
          const model = modelOf(market, name);
          if (!model || !model.verdict) return '';
          const box = make('span', verdict(model.verdict));
          box.append(make('small', `${signed(model.comparison.difference.estimate, dailyBasisPoints)} bp a day`), make('small', between(model.comparison.difference, dailyBasisPoints)));
          if (model.chosen) box.append(make('small', `chosen in ${model.chosen} of ${results.seeds.length}`));
          return box;
        };
        const box = table([['model', row => row.isOriginal ? '' : row.name, (v, row) => row.isOriginal ? 'original' : row.name],
          ...markets.map(market => [market.market, row => row.isOriginal ? -1 : ranks.indexOf((modelOf(market, row.name) || {}).verdict), (v, row) => cell(market, row)])], rows);
        box.querySelectorAll('td').forEach(td => { const word = td.querySelector('.verdict'); if (word) td.classList.add(...word.classList); td.classList.remove('verdict'); });
        byId('matrix').append(box);
        byId('matrix-note').append(`Net of the model less the original's a day on the same days, with the 95 % interval, in basis points. Kept: the whole interval lies above −${percent(results.margin, 0)} of the original's gross return; lost: wholly below; `
          + 'no skill to keep: that gross return cannot be told from zero. Each market has as many books as there are seeds, of equal capital.');
      }
      """#)

  /// Each market by itself, and the cases with their reports.
  static let seriesMarkets = PageSection(
    body: """
      <h2>By market</h2><p class="controls" id="market-choice"></p><p class="soft" id="market-source"></p>
      <div class="plot"><h3>Difference to the original a day</h3><div><canvas id="differences" role="img" aria-label="Difference to the original a day with intervals; the table has the same"></canvas></div></div>
      <div id="models"></div>
      <h2>Cases</h2><div id="cases"></div>
      <h2>Say it again</h2><p class="soft">pare run EXPERIMENT.yaml with this experiment:</p><pre id="configuration"></pre>
      """,
    script: #"""
      {
        const order = { column: -1, down: false };
        const draw = () => {
          const market = markets[select.value], compared = market.models.filter(model => model.comparison);
          byId('market-source').textContent = `${market.source}; ${whole(market.test_days)} test days; original gross ${percent(market.original_gross.estimate)}, 95 % interval ${between(market.original_gross, percent)}`;
          intervals('differences', compared.map(model => [model.name, model.comparison.difference, model.verdict]),
            [{ axis: 'x', value: 0, label: '' }, ...compared.slice(0, 1).map(model => ({ axis: 'x', value: -1e4 * model.comparison.margin, label: '−margin' }))]);
          byId('models').replaceChildren(table([['model', model => model.name, text], ['verdict', model => model.verdict, verdict], ['gross', model => model.gross_return, percent, true], ['net', model => model.net_return, percent, true],
            ['Sharpe', model => model.sharpe, number, true], ['agreement', model => model.agreement, percent], ['log loss', model => model.log_loss, v => number(v, 4)], ['bytes', model => model.bytes, bytes],
            ['smaller', model => model.compression_ratio, times], ['p50 ns', model => model.latency_p50, whole], ['chosen', model => model.chosen, v => `${v} of ${results.seeds.length}`]], market.models, undefined, order));
        };
        const { box, select } = choices('market', markets.map((market, index) => [index, market.market]), 0, draw);
        byId('market-choice').append(box);
        if (markets.length) draw();
        byId('cases').append(asWords(table([['case', one => one.folder, folder => make('a', folder, { href: `${folder.split('/').map(encodeURIComponent).join('/')}/report.html` })], ['market', one => one.market, text], ['seed', one => one.seed, whole],
          ['chosen', one => one.chosen, v => v || 'nothing'], ['why', one => one.reason, text]], cases), 4));
        byId('configuration').append(results.configuration);
      }
      """#)
}
