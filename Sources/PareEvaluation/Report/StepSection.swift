/// Forms of a model by the precision of their weights, and what each step of each recipe cost.
enum StepSection {
  static let style = """
    details { border-top: 1px solid var(--line); padding: .35rem 0; } details:last-of-type { border-bottom: 1px solid var(--line); }
    summary { cursor: pointer; } summary b { margin-right: .5rem; }
    #precision th { white-space: normal; vertical-align: bottom; }
    details .scroll { margin: .5rem 0; } #steps .scroll:first-of-type table { width: auto; min-width: min(100%, 560px); } td.words, th.words { text-align: left; white-space: normal; }
    """

  static let body = """
    <section id="precision-section" hidden><h2>By precision</h2><div id="precision"></div>
      <p class="soft">On the part chosen above, but for the output's signal-to-noise ratio, which is of the logits against the teacher's on the validation part, each column's mean taken off. Weights: against those before the step that quantized them. Missed, false and reversed: decisions at the teacher's threshold that differ from the teacher's. Net at the model's own threshold; Δ: less the teacher's.</p></section>
    <section id="steps-section" hidden><h2>Step by step</h2>
      <p class="soft">What each step of a recipe cost, on the validation part, decisions and money at the teacher's threshold.</p><div id="steps"></div></section>
    <section id="layers-section" hidden><h2>Quantized layers</h2>
      <p class="soft">Weights, inputs and outputs on the validation part (its first 4,096 labelled rows) against those before the step that quantized them. Counts are drawn to a logarithmic scale; lines mark what the integers reach, red what lies beyond, ticks single integers.</p><div id="layers"></div></section>
    """

  /// Defines `drawPrecisions(part)` and draws the other sections; reads `results`, `candidates` and the page's `layers`.
  static let script = #"""
    const isQuantized = c => !isMissing(c.precision);
    const last = list => list[list.length - 1];
    function drawPrecisions(part) {
      const quantized = candidates.filter(isQuantized);
      byId('precision-section').hidden = quantized.length === 0;
      const teacher = candidates.find(c => c.role === 'teacher');
      const bases = [...new Set(quantized.map(c => c.from))].map(name => candidates.find(c => c.name === name)).filter(base => base && !isQuantized(base));
      // A model, then its forms.
      const rows = [...bases.flatMap(base => [base, ...quantized.filter(c => c.from === base.name)]), ...quantized.filter(c => !bases.some(base => base.name === c.from))];
      const step = c => c.steps && c.steps.length ? last(c.steps) : undefined;
      const weights = c => c.steps && [...c.steps].reverse().map(s => s.weight_error).find(error => error);
      byId('precision').replaceChildren(table([
        ['model', c => c.name, text => text], ['weights as', c => c.precision || 'fp32', text => text],
        ['artifact', c => c.bytes, bytes], ['weights', c => c.weight_bytes, bytes], ['ratio', c => c.compression_ratio, v => number(v, 1) + ' ×'],
        ['p50 ns', c => c.latency_ns.p50, whole], ['p99 ns', c => c.latency_ns.p99, whole],
        ['accuracy', c => c[part].accuracy, percent], ['skill', c => c[part].skill, percent],
        ['output dB', c => step(c) && step(c).figures.output_snr_db, decibels], ['weights dB', c => weights(c) && isQuantized(c) ? weights(c).snr_db : null, decibels],
        ['missed / false / reversed', c => c[part].flips, v => [v.missed, v.false, v.reversed].map(whole).join(' / ')],
        ['net', c => c[part].net_return, percent, true], ['Δ net', c => c === teacher ? null : c[part].net_return - teacher[part].net_return, percent, true],
      ], rows, c => c.name === results.chosen ? { class: 'chosen' } : {}));
    }

    const stepped = candidates.filter(c => c.steps && c.steps.length);
    byId('steps-section').hidden = stepped.length === 0;
    for (const candidate of stepped) {
      const { steps } = candidate, box = make('details'), summary = make('summary');
      const [first, final] = [steps[0].before, last(steps).figures];
      const change = (final.net_return - first.net_return) || 0;
      summary.append(make('b', candidate.name), make('span', `${candidate.made}: ${bytes(first.bytes)} → ${bytes(final.bytes)}, net ${change < 0 ? '−' : '+'}${percent(Math.abs(change))}`, { class: 'soft' }));
      const states = [{ name: `before: ${candidate.from}`, figures: first }, ...steps.map(step => ({ name: step.technique, figures: step.figures, step }))];
      const figure = (name, words) => [words, state => state.figures[name]];
      const rows = {
        'artifact': figure('bytes', bytes), 'parameters': [whole, s => s.step ? s.step.parameters.after : steps[0].parameters.before],
        'parameters that are not zero': figure('non_zeros', whole), 'multiply-adds': figure('multiply_adds', whole),
        'p50, ns': figure('latency_ns', whole), 'by the cost table, ns': figure('estimate_ns', whole), 'accuracy': figure('accuracy', percent), 'skill': figure('skill', percent),
        'log loss': figure('log_loss', v => number(v, 4)), 'output dB': figure('output_snr_db', decibels), 'agreement with the teacher': figure('agreement', percent),
        'decisions changed from the teacher\'s': figure('decisions_changed', percent), 'net return': figure('net_return', percent), 'Sharpe ratio': figure('sharpe', number),
        'this step: missed': [whole, s => s.step && s.step.flips.missed], 'this step: false': [whole, s => s.step && s.step.flips.false], 'this step: reversed': [whole, s => s.step && s.step.flips.reversed],
        'this step: net return': [percent, s => s.step && s.figures.net_return - s.step.before.net_return] };
      box.append(summary, table([['validation part', ([name]) => name, text => text],
        ...states.map(state => [state.name, ([, [words, value]]) => words(value(state)), text => text])], Object.entries(rows)));
      const layers = steps.flatMap(step => step.layers.map(layer => ({ ...layer, step: step.technique })));
      if (layers.length) {
        const outcomes = table([['layer', l => l.layer, text => text], ['step', l => l.step, text => text], ['weights dB', l => l.weight_error && l.weight_error.snr_db, decibels],
          ['outcome', l => l.outcome, text => text]], layers);
        outcomes.querySelectorAll('tr').forEach(row => { row.cells[1].className = row.cells[3].className = 'words'; });
        box.append(outcomes);
      }
      byId('steps').append(box);
    }

    const analysed = JSON.parse(byId('layer-data').textContent).filter(({ layers }) => layers.length);
    byId('layers-section').hidden = analysed.length === 0;
    analysed.forEach(({ candidate, layers }, index) => {
      const box = make('details'), summary = make('summary');
      const worst = layers.reduce((a, b) => ((a.output.snr_db ?? Infinity) <= (b.output.snr_db ?? Infinity) ? a : b));
      summary.append(make('b', candidate), make('span', `${layers.length} layers; the furthest off is ${worst.layer}, whose output is at ${isMissing(worst.output.snr_db) ? 'no distance' : decibels(worst.output.snr_db) + ' dB'}`, { class: 'soft' }));
      // Drawn when they are wanted: a page may hold hundreds.
      box.addEventListener('toggle', () => { if (box.open && !box.querySelector('.layers')) box.append(layerFigures(layers)); });
      box.append(summary);
      byId('layers').append(box);
      if (index === 0) box.open = true;
    });
    """#
}
