import Foundation
import PareArtifact

/// Distributions of latencies as one HTML page that opens offline and fetches nothing.
public struct LatencyPlot: Sendable {
  private let results: [BenchResult]

  public init(_ results: [BenchResult]) { self.results = results }

  /// Per cent of decisions, ever closer to 100, against nanoseconds, both logarithmic.
  public func html() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    let json = String(decoding: try encoder.encode(results), as: UTF8.self).replacingOccurrences(of: "<", with: "\\u003c")
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Pare: latencies</title>
      <style>\(PageStyle.common)</style>
      </head>
      <body>
      <h1>One decision</h1><p class="soft" id="subtitle"></p>
      <div class="plot"><h3>Nanoseconds that so many per cent of single decisions do not exceed</h3><div style="height:440px"><canvas id="curves"></canvas></div></div>
      <h2>Figures</h2><div class="scroll"><table id="figures"><thead></thead><tbody></tbody></table></div>
      <p class="soft">p50 below a microsecond from dependent chains over different rows; the rest from fenced stamps around single decisions, the clock's cost in them.</p>
      <script type="application/json" id="results">\(json)</script>
      <script>\(ChartLibrary.script)</script>
      <script>\(Self.script)</script>
      </body>
      </html>
      """
  }

  /// - Throws: `artifact.cannot-write`.
  public func write(to path: String) throws { try WholeFile.write(Array(try html().utf8), to: path) }

  private static let script = #"""
    'use strict';
    const results = JSON.parse(document.getElementById('results').textContent);
    const byId = id => document.getElementById(id);
    const style = getComputedStyle(document.documentElement);
    const palette = ['#1f6feb', '#d97706', '#059669', '#9333ea', '#dc2626', '#0891b2', '#b45309', '#4d7c0f', '#be185d', '#475569'];
    const number = value => value === null || value === undefined ? '–' : value.toLocaleString('en-US', { maximumFractionDigits: 1 });
    const first = results[0];
    byId('subtitle').textContent = `mode ${first.mode} · kernels ${first.kernels} · ${first.instances} at once · ${number(first.decisions)} decisions each`;
    Chart.defaults.color = style.getPropertyValue('--soft').trim();
    Chart.defaults.borderColor = style.getPropertyValue('--line').trim();
    // 50 % at 2, 90 % at 10, 99 % at 100.
    const place = percentile => 100 / (100 - percentile);
    new Chart(byId('curves'), { type: 'line', data: { datasets: results.map((result, index) => ({ label: result.model.split('/').pop(),
      data: result.distribution.map(point => ({ x: place(point.percentile), y: point.ns, percentile: point.percentile })),
      borderColor: palette[index % palette.length], backgroundColor: palette[index % palette.length], borderWidth: 2, pointRadius: 2 })) },
      options: { animation: false, responsive: true, maintainAspectRatio: false, parsing: false, interaction: { mode: 'nearest', axis: 'x', intersect: false },
        plugins: { legend: { position: 'bottom' }, tooltip: { callbacks: { title: items => `${items[0].raw.percentile} %`, label: item => `${item.dataset.label} ${number(item.raw.y)} ns` } } },
        scales: { x: { type: 'logarithmic', min: 1, afterBuildTicks: axis => { axis.ticks = [1, 2, 10, 100, 1000, 10000, 100000, 1000000].filter(value => value <= axis.max).map(value => ({ value })); },
            ticks: { callback: value => value === 1 ? '0 %' : `${Number((100 - 100 / value).toFixed(4))} %` } },
          y: { type: 'logarithmic', title: { display: true, text: 'ns' } } } } });
    const columns = [['model', r => r.model.split('/').pop()], ['plan bytes', r => number(r.plan_bytes)], ['p50 ns', r => number(r.latency_ns.p50)], ['p99 ns', r => number(r.latency_ns.p99)],
      ['p99.9 ns', r => number(r.latency_ns.p999)], ['max ns', r => number(r.latency_ns.max)], ['prepare p50 ns', r => number(r.prepare_ns && r.prepare_ns.p50)], ['clock ns', r => number(r.clock_ns)],
      ['harness ns', r => number(r.harness_ns)], ['instructions', r => number(r.instructions)], ['decisions / s', r => number(Math.round(r.decisions_per_second))]];
    const table = byId('figures');
    const row = (tag, cells) => { const line = document.createElement('tr'); cells.forEach(text => { const cell = document.createElement(tag); cell.textContent = text; line.append(cell); }); return line; };
    table.tHead.append(row('th', columns.map(column => column[0])));
    results.forEach(result => table.tBodies[0].append(row('td', columns.map(column => column[1](result)))));
    """#
}
