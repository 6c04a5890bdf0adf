extension PageSection {
  /// How often a model is right by how sure it is.
  static let calibration = PageSection(
    body: """
      <section id="calibration-section"><h2>Calibration</h2><div class="controls" data-controls="part shown"></div>
        <div class="plot"><h3>Accuracy by confidence, %</h3><div><canvas id="calibration" role="img" aria-label="Accuracy by confidence; on the diagonal a model is as often right as it is sure"></canvas></div></div>
        <p class="soft">Rows in bins by the probability of their likeliest class; the larger a point, the more rows. On the diagonal a model is right as often as it is sure to be.</p></section>
      """,
    script: #"""
      {
        const known = candidates.filter(c => c.evidence && c.evidence.test.calibration.length);
        byId('calibration-section').hidden = known.length === 0;
        if (known.length) on(['part', 'shown'], () => {
          const drawn = known.filter(isDrawn), bins = drawn.flatMap(c => evidence(c).calibration), most = Math.max(...bins.map(bin => bin.rows), 1);
          const low = 100 * Math.min(...bins.map(bin => Math.min(bin.confidence, bin.accuracy)), 1), high = 100 * Math.max(...bins.map(bin => Math.max(bin.confidence, bin.accuracy)), 0);
          plot('calibration', { type: 'line', data: { datasets: [...drawn.map(c => ({ label: c.name, ...lookOf(c.name), data: evidence(c).calibration.map(bin => ({ x: 100 * bin.confidence, y: 100 * bin.accuracy, rows: bin.rows })),
            pointRadius: evidence(c).calibration.map(bin => 2 + 7 * Math.sqrt(bin.rows / most)) })),
            { label: 'as often right as sure', data: bins.length ? [{ x: low, y: low }, { x: high, y: high }] : [], borderColor: colour('--ink'), borderWidth: 1, borderDash: [4, 3], pointRadius: 0, pointStyle: 'line' }] },
            options: { parsing: false, scales: { x: titled('mean confidence, %', { type: 'linear' }), y: titled('accuracy, %') }, plugins: { legend: { labels: { usePointStyle: true } },
              tooltip: { callbacks: { title: () => '', label: item => `${item.dataset.label}: sure ${number(item.parsed.x, 1)} %, right ${number(item.parsed.y, 1)} %, ${whole(item.raw.rows)} rows` } } } } });
        });
      }
      """#)
}
