extension PageSection {
  /// What a candidate earns more than the original by volatility and trend.
  static let regimes = PageSection(
    style: """
      #regimes td { text-align: center; } #regimes td:first-child { text-align: left; } #regimes table { max-width: 46rem; } #regimes td b { display: block; }
      """,
    body: """
      <section id="regimes-section"><h2>By regime</h2><div class="controls" data-controls="part model"></div><div id="regimes"></div>
        <p class="soft">Net return of the candidate less the original's; below it what each earned, decisions, and the share of them that changed. Volatility by the training part's thirds, trend by how far prices went for that volatility, each from candles up to the decision.</p></section>
      """,
    script: #"""
      {
        const known = others.filter(c => c.evidence && c.evidence.test.regimes);
        byId('regimes-section').hidden = known.length === 0;
        const levels = ['low', 'middle', 'high'], trends = ['down', 'flat', 'up'];
        if (known.length) on(['part', 'model'], () => {
          const c = selected(), found = evidence(c) && evidence(c).regimes;
          byId('regimes').replaceChildren();
          if (!found) { byId('regimes').append(make('p', 'Not known for this model.', { class: 'soft' })); return; }
          const cell = (level, trend) => [...found.both, ...found.volatility, ...found.trend].find(one => (one.volatility ?? null) === level && (one.trend ?? null) === trend);
          const gain = one => one.candidate_net - one.original_net;
          const most = Math.max(...found.both.map(one => Math.abs(gain(one))), 1e-9);
          const filled = one => {
            const box = make('td');
            if (!one || !one.decisions) { box.append('–'); return box; }
            const changed = one.missed + one.false + one.reversed;
            box.style.background = `color-mix(in srgb, var(${gain(one) < 0 ? '--bad' : '--good'}) ${Math.round(Math.min(Math.abs(gain(one)) / most, 1) * 40)}%, transparent)`;
            box.append(make('b', signed(gain(one), percent)), make('small', `${percent(one.candidate_net)} against ${percent(one.original_net)}`), make('small', `${whole(one.decisions)}, ${percent(changed / one.decisions, 1)} changed`));
            return box;
          };
          const box = table([[`${c.name}: volatility`, ([level]) => level, text], ...trends.map(trend => [`trend ${trend}`, () => '', text]), ['all trends', () => '', text]], [...levels.map(level => [level]), ['all']], undefined, false);
          [...box.querySelectorAll('tbody tr')].forEach((row, index) => [...trends, null].forEach((trend, place) => {
            const level = levels[index] || null;
            row.cells[place + 1].replaceWith(level === null && trend === null ? make('td', '') : filled(cell(level, trend)));
          }));
          byId('regimes').append(box);
          if (found.unlabelled.decisions) byId('regimes').append(make('p', `${whole(found.unlabelled.decisions)} decisions came before there were candles enough for a label: ${signed(gain(found.unlabelled), percent)}.`, { class: 'soft' }));
        });
      }
      """#)
}
