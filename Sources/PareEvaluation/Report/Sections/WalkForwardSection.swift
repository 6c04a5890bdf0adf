extension PageSection {
  /// What windows that move through the data chose, and what all of them say together.
  static let walkForward = PageSection(
    body: """
      <section id="walk-section" hidden><h2>Walk-forward</h2><p class="soft" id="walk-note"></p><div id="walk-windows"></div>
        <h3>Stability of the choice</h3><dl id="walk-stability"></dl>
        <h3>All windows together</h3>
        <div class="plot"><h3>Difference to the original a day</h3><div><canvas id="walk-differences" role="img" aria-label="Difference to the original a day over all windows; the table has the same"></canvas></div></div>
        <div id="walk-pooled"></div>
        <div class="controls" data-controls="money shown"></div>
        <div class="plot"><h3>Test parts one after the other</h3><div><canvas id="walk-equity" role="img" aria-label="Equity over all windows"></canvas></div></div></section>
      """,
    script: #"""
      if (results.walk_forward) {
        const { kind, windows, pooled, stability } = results.walk_forward;
        byId('walk-section').hidden = false;
        byId('walk-note').append(`${windows.length} ${kind} windows; in each, models are trained, pared down, judged and chosen from anew, and its test part follows the one before.`);
        const of = (window, name) => (window.candidates.find(c => c.name === name) || { test: {} }).test.net_return;
        const best = window => window.candidates.reduce((a, b) => a.test.net_return >= b.test.net_return ? a : b);
        byId('walk-windows').append(asWords(table([['window', w => windows.indexOf(w) + 1, whole], ['test part', w => `${w.first} – ${w.last}`, text], ['training rows', w => w.training_rows, whole], ['chosen', w => w.chosen || 'none', text],
          ['its net', w => of(w, w.chosen), percent, true], ['original\'s net', w => of(w, original.name), percent, true], ['best in hindsight', w => best(w).name, text], ['its net', w => best(w).test.net_return, percent, true], ['why', w => w.reason, words => { const box = make('details', make('summary', 'why')); box.append(words); return box; }]], windows), 8));
        describe(byId('walk-stability'), [['chosen in', Object.entries(stability.chosen).sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count} of ${windows.length}`).join(', ')],
          ['the same choice', percent(stability.share, 0) + ' of the windows'], ['rank correlation', `${number(stability.rank_correlation)} between what candidates earned net on a window's validation and test part`],
          ['following each choice', percent(stability.net_of_choices) + ' net'], ['best in hindsight', percent(stability.net_in_hindsight) + ' net']]);
        intervals('walk-differences', pooled.filter(p => p.comparison).map(p => [p.name, p.comparison.difference, p.verdict]),
          [{ axis: 'x', value: 0, label: '' }, ...pooled.filter(p => p.comparison).slice(0, 1).map(p => ({ axis: 'x', value: -1e4 * p.comparison.margin, label: '−margin' }))]);
        byId('walk-pooled').append(table([['model', p => p.name, text], ['gross', p => p.gross_return, percent, true], ['net', p => p.net_return, percent, true], ['Sharpe', p => p.sharpe, number, true],
          ['chosen in', p => stability.chosen[p.name] || 0, whole], ['verdict', p => p.verdict, verdict], ...differenceColumns(p => p)], pooled, rowClass));
        on(['money', 'shown'], () => timeLines('walk-equity', pooled.filter(isDrawn).map(p => [p.name, curveOfDays(p.days, state.money), lookOf(p.name)])));
      }
      """#)
}
