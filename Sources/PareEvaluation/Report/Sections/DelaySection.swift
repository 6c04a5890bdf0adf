extension PageSection {
  /// What the same decisions earn when they reach the market later.
  static let delays = PageSection(
    body: """
      <section id="delays-section"><h2>Money by delay</h2><div class="controls" data-controls="part money shown"></div>
        <div class="plot"><h3 id="delays-title"></h3><div><canvas id="delays" role="img" aria-label="Return by delay; hovering says the figures"></canvas></div></div><p class="soft" id="delays-note"></p></section>
      """,
    script: #"""
      {
        const prices = { straight: 'an order that arrives within a candle meets a price on the straight line from its open to its close',
          adverse: 'an order that arrives within a candle meets a price towards its high when it buys and its low when it sells, by the square root of the share that has passed: a bound' };
        const late = ms => ms === 0 ? 'none' : ms % 60000 === 0 ? `${ms / 60000} min` : ms % 1000 === 0 ? `${ms / 1000} s` : `${number(ms, 3)} ms`;
        const known = candidates.filter(c => c.evidence && c.evidence.test.delays);
        byId('delays-section').hidden = known.length === 0;
        if (known.length) {
          byId('delays-note').append(`Price model: ${known[0].evidence.test.delays.model}; ${prices[known[0].evidence.test.delays.model] || ''}. Delay: from the close at which a decision is made until its order is at the market.`);
          on(['part', 'money', 'shown'], () => {
            const points = evidence(known[0]).delays.points, isNet = state.money === 'net';
            byId('delays-title').textContent = `${isNet ? 'Net' : 'Gross'} return, ${state.part} part, of the notional`;
            plot('delays', { type: 'line', data: { labels: points.map(point => late(point.milliseconds)), datasets: known.filter(isDrawn).map(c => ({ label: c.name, data: evidence(c).delays.points.map(point => 100 * (isNet ? point.net_return : point.gross_return)),
              model: c, ...lookOf(c.name), pointRadius: 4 })) }, options: { interaction: { mode: 'index', intersect: false }, scales: { x: titled('delay'), y: { ticks: { callback: inPercent } } }, plugins: { legend: { labels: { usePointStyle: true } },
              tooltip: { callbacks: { label: item => `${item.dataset.label} ${number(item.parsed.y)} %, Sharpe ratio ${number(evidence(item.dataset.model).delays.points[item.dataIndex].sharpe)}` } } } } }, [{ axis: 'y', value: 0, label: '' }]);
          });
        }
      }
      """#)
}
