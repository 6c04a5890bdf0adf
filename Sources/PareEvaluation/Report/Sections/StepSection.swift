extension PageSection {
  /// What each step of each recipe cost.
  static let steps = PageSection(
    style: """
      details .scroll { margin: .5rem 0; } #steps .scroll:first-of-type table { width: auto; min-width: min(100%, 560px); }
      """,
    body: """
      <section id="steps-section" hidden><h2>Step by step</h2>
        <p class="soft">What each step of a recipe cost, on the validation part, decisions and money at the original's threshold.</p><div id="steps"></div></section>
      """,
    script: #"""
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
          'log loss': figure('log_loss', v => number(v, 4)), 'output dB': figure('output_snr_db', decibels), 'agreement with the original': figure('agreement', percent),
          'decisions changed from the original\'s': figure('decisions_changed', percent), 'net return': figure('net_return', percent), 'Sharpe ratio': figure('sharpe', number),
          'this step: missed': [whole, s => s.step && s.step.flips.missed], 'this step: false': [whole, s => s.step && s.step.flips.false], 'this step: reversed': [whole, s => s.step && s.step.flips.reversed],
          'this step: net return': [percent, s => s.step && s.figures.net_return - s.step.before.net_return] };
        box.append(summary, table([['validation part', ([name]) => name, text],
          ...states.map(state => [state.name, ([, [words, value]]) => words(value(state)), text])], Object.entries(rows), undefined, false));
        const layers = steps.flatMap(step => step.layers.map(layer => ({ ...layer, step: step.technique })));
        if (layers.length) {
          const outcomes = table([['layer', l => l.layer, text], ['step', l => l.step, text], ['weights dB', l => l.weight_error && l.weight_error.snr_db, decibels],
            ['outcome', l => l.outcome, text]], layers);
          box.append(asWords(outcomes, 1, 3));
        }
        byId('steps').append(box);
      }
      """#)
}
