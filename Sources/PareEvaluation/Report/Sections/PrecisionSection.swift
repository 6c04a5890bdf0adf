extension PageSection {
  /// Forms of a model by the precision of their weights.
  static let precision = PageSection(
    style: """
      #precision th { white-space: normal; }
      """,
    body: """
      <section id="precision-section" hidden><h2>By precision</h2><div class="controls" data-controls="part"></div><div id="precision"></div>
        <p class="soft">The output's signal-to-noise ratio is of the logits against the original's on the validation part, each column's mean taken off. Weights: against those before the step that quantized them. Missed, false and reversed: decisions at the original's threshold that differ from the original's. Net at the model's own threshold; Δ: less the original's.</p></section>
      """,
    script: #"""
      const isQuantized = c => !isMissing(c.precision);
      const last = list => list[list.length - 1];
      const precisionOrder = { column: -1, down: false };
      function drawPrecisions() {
        const { part } = state;
        const quantized = candidates.filter(isQuantized);
        byId('precision-section').hidden = quantized.length === 0;
        const bases = [...new Set(quantized.map(c => c.from))].map(name => candidates.find(c => c.name === name)).filter(base => base && !isQuantized(base));
        // A model, then its forms.
        const rows = [...bases.flatMap(base => [base, ...quantized.filter(c => c.from === base.name)]), ...quantized.filter(c => !bases.some(base => base.name === c.from))];
        const step = c => c.steps && c.steps.length ? last(c.steps) : undefined;
        const weights = c => c.steps && [...c.steps].reverse().map(s => s.weight_error).find(error => error);
        byId('precision').replaceChildren(table([
          ['model', c => c.name, text], ['weights as', c => c.precision || 'fp32', text],
          ['artifact', c => c.bytes, bytes], ['weights', c => c.weight_bytes, bytes], ['ratio', c => c.compression_ratio, v => number(v, 1) + ' ×'],
          ['p50 ns', c => c.latency_ns.p50, whole], ['p99 ns', c => c.latency_ns.p99, whole],
          ['accuracy', c => c[part].accuracy, percent], ['skill', c => c[part].skill, percent],
          ['output dB', c => step(c) && step(c).figures.output_snr_db, decibels], ['weights dB', c => weights(c) && isQuantized(c) ? weights(c).snr_db : null, decibels],
          ['missed / false / reversed', c => c[part].flips.rate, (v, c) => ['missed', 'false', 'reversed'].map(key => whole(c[part].flips[key])).join(' / ')],
          ['net', c => c[part].net_return, percent, true], ['Δ net', c => isOriginal(c) ? null : c[part].net_return - original[part].net_return, percent, true],
        ], rows, rowClass, precisionOrder));
      }
      on(['part'], drawPrecisions);
      """#)
}
