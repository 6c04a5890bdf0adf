extension PageSection {
  /// Decisions that differ from the original's: how many, what they are worth, how near its threshold.
  static let changes = PageSection(
    body: """
      <h2>Changed decisions</h2>
      <div class="controls" data-controls="part"></div>
      <div class="plots">
        <div class="plot"><h3>Share of decisions</h3><div><canvas id="flips" role="img" aria-label="Missed, false and reversed decisions by candidate"></canvas></div></div>
        <div class="plot" id="attribution-plot"><h3>Net return less the original's, by kind (of the notional)</h3><div><canvas id="attribution" role="img" aria-label="What each kind of changed decision earned, by candidate"></canvas></div></div>
      </div>
      <section id="change-section"><div class="controls" data-controls="model"></div>
        <div class="plots"><div><h3>In money</h3><div id="change-money"></div></div>
        <div class="plot"><h3>Share of decisions changed, by the distance of the original's confidence from its threshold</h3><div><canvas id="distances" role="img" aria-label="Share of decisions changed by distance from the threshold"></canvas></div></div></div></section>
      <p class="soft">Missed: the original takes a position, the candidate none. False: the other way round. Reversed: opposite sides. Resized: the same side in another size. Equal: costs alone, of getting there from other positions. In counts before stops and holding, in money of positions held, all at the original's threshold; the kinds sum to the whole difference.</p>
      """,
    script: #"""
      {
        const kinds = ['missed', 'false', 'reversed', 'resized', 'equal'], shades = [1, 2, 4, 5, 9].map(index => palette[index]);
        const changes = c => evidence(c) && evidence(c).changes, distances = c => evidence(c) && evidence(c).distances;
        const stacked = (id, labels, datasets, tooltip) => plot(id, { type: 'bar', data: { labels, datasets }, options: { interaction: { mode: 'index', intersect: false }, scales: { x: { stacked: true }, y: { stacked: true, ticks: { callback: inPercent } } }, plugins: { legend: plainLegend, tooltip } } });
        on(['part'], () => {
          stacked('flips', others.map(c => c.name), kinds.slice(0, 3).map((kind, index) => ({ label: kind, data: others.map(c => 100 * c[state.part].flips[kind] / data[state.part].rows), backgroundColor: shades[index] })),
            { callbacks: { label: item => `${item.dataset.label} ${number(item.parsed.y)} %, ${whole(others[item.dataIndex][state.part].flips[item.dataset.label])} decisions` } });
          const known = others.filter(changes);
          byId('attribution-plot').hidden = known.length === 0;
          if (known.length) stacked('attribution', known.map(c => c.name), kinds.map((kind, index) => ({ label: kind, data: known.map(c => 100 * changes(c)[kind].net), backgroundColor: shades[index] })),
            { callbacks: { label: item => `${item.dataset.label} ${signed(item.parsed.y, number)} %`, footer: items => items.length ? `together ${signed(changes(known[items[0].dataIndex]).candidate_net - changes(known[items[0].dataIndex]).original_net, percent)}` : '' } });
        });
        byId('change-section').hidden = !others.some(c => changes(c) || distances(c));
        on(['part', 'model'], () => {
          const c = selected(), found = changes(c), near = distances(c);
          byId('change-money').replaceChildren();
          if (found) {
            const sum = key => kinds.reduce((total, kind) => total + found[kind][key], 0);
            const rows = [...kinds.map(kind => [kind, found[kind]]), ['together', { decisions: sum('decisions'), gross: sum('gross'), costs: sum('costs'), net: sum('net') }]];
            byId('change-money').append(table([[`${c.name}, ${state.part}`, ([kind]) => kind, text], ['decisions', ([, part]) => part.decisions, whole], ['gross', ([, part]) => part.gross, percent, true],
              ['costs', ([, part]) => part.costs, percent], ['net', ([, part]) => part.net, percent, true]], rows, ([kind]) => kind === 'together' ? { class: 'chosen' } : {}, false),
              make('p', `${percent(found.candidate_net)} net of the candidate less ${percent(found.original_net)} of the original.`, { class: 'soft' }));
          } else if (c) byId('change-money').append(make('p', 'Not known for this model.', { class: 'soft' }));
          if (near) {
            const words = bin => isMissing(bin.to) ? `≥ ${bin.from}` : `${bin.from} – ${bin.to}`;
            stacked('distances', near.bins.map(words), kinds.slice(0, 3).map((kind, index) => ({ label: kind, data: near.bins.map(bin => bin.decisions ? 100 * bin[kind] / bin.decisions : 0), backgroundColor: shades[index] })),
              { callbacks: { label: item => `${item.dataset.label} ${number(item.parsed.y)} %, ${whole(near.bins[item.dataIndex][item.dataset.label])} decisions`, footer: items => items.length ? `of ${whole(near.bins[items[0].dataIndex].decisions)} decisions` : '' } });
          }
        });
      }
      """#)
}
