extension PageSection {
  /// What one decision takes.
  static let latency = PageSection(
    body: """
      <h2>One decision</h2>
      <div class="plot"><h3>Nanoseconds, logarithmic</h3><div><canvas id="latency" role="img" aria-label="Latency percentiles by candidate; the table of candidates has the same"></canvas></div></div>
      <p class="soft" id="latency-note"></p>
      """,
    script: #"""
      {
        const keys = [['p50', 'p50'], ['p99', 'p99'], ['p99.9', 'p999'], ['max', 'max']], clocks = candidates.map(c => c.latency_ns.clock);
        plot('latency', { type: 'bar', data: { labels: candidates.map(c => c.name), datasets: keys.map(([label, key], index) => ({ label, data: candidates.map(c => c.latency_ns[key]), backgroundColor: palette[[0, 1, 2, 9][index]] })) },
          options: { interaction: { mode: 'index', intersect: false }, scales: { y: { type: 'logarithmic', ticks: { maxTicksLimit: 8, callback: whole } } }, plugins: { legend: plainLegend, tooltip: { callbacks: { label: item => `${item.dataset.label} ${number(item.parsed.y, 1)} ns` } } } } },
          isMissing(latencyLimit) ? [] : [{ axis: 'y', value: latencyLimit, label: 'budget, p99' }]);
        byId('latency-note').append(`Features in memory to decision out, one at a time on one thread, rows of the test part. p50: chains of dependent decisions over different rows. p99, p99.9 and max: fenced stamps around single decisions; `
          + `a pair of clock reads costs ${number(Math.min(...clocks), 1)}${Math.max(...clocks) > Math.min(...clocks) ? ` to ${number(Math.max(...clocks), 1)}` : ''} ns, which is in them and not subtracted. Kernels ${results.kernels || 'not said'}.`);
      }
      """#)
}
