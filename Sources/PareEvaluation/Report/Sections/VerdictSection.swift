extension PageSection {
  /// Whether candidates keep what the original earns.
  static let verdicts = PageSection(
    body: """
      <section id="verdicts-section"><h2>Verdicts</h2>
        <p class="soft" id="verdicts-note"></p>
        <div class="controls" data-controls="part"></div>
        <div class="plot"><h3>Difference to the original a day</h3><div><canvas id="differences" role="img" aria-label="Difference to the original a day with intervals; the table has the same"></canvas></div></div>
        <div id="verdicts"></div></section>
      """,
    script: #"""
      const withInterval = (interval, words) => {
        const box = make('span', isMissing(interval) ? '–' : words(interval.estimate));
        if (!isMissing(interval) && !isMissing(interval.lower)) box.append(make('small', between(interval, words)));
        return box;
      };
      const differenceColumns = of => [
        ['difference a day, bp', c => followed(of(c), ['comparison', 'difference', 'estimate']), (v, c) => withInterval(followed(of(c), ['comparison', 'difference']), dailyBasisPoints), true],
        ['margin, bp', c => followed(of(c), ['comparison', 'margin']), v => isMissing(v) ? '–' : '−' + dailyBasisPoints(v)],
        ['difference of Sharpe ratios', c => followed(of(c), ['comparison', 'sharpe_difference', 'estimate']), (v, c) => withInterval(followed(of(c), ['comparison', 'sharpe_difference']), number), true]];
      {
        const compared = others.filter(c => c.evidence && c.evidence.test.comparison), order = { column: -1, down: false };
        const windowed = c => results.walk_forward ? results.walk_forward.pooled.find(p => p.name === c.name) : undefined;
        const word = part => [`verdict, ${part}`, c => followed(c, ['evidence', part, 'verdict']), verdict];
        byId('verdicts-section').hidden = compared.length === 0;
        byId('verdicts-note').append(`Net returns of candidate and original on the same days, resampled together. Kept: the whole 95 % interval of the difference lies above −margin, ${percent(results.margin, 0)} of the original's gross return. `
          + 'Lost: wholly below. No skill to keep: the original\'s own gross return cannot be told from zero. '
          + `Probabilistic: how likely the true Sharpe ratio is above zero; deflated: above what the best of ${whole(results.evaluated)} models and steps without skill would show.`);
        on(['part'], () => {
          intervals('differences', compared.map(c => [c.name, evidence(c).comparison.difference, evidence(c).verdict]),
            [{ axis: 'x', value: 0, label: '' }, ...compared.slice(0, 1).map(c => ({ axis: 'x', value: -1e4 * evidence(c).comparison.margin, label: '−margin' }))]);
          byId('verdicts').replaceChildren(asWords(table([['model', c => c.name, text], word('validation'), word('test'), ...(results.walk_forward ? [['verdict, all windows', c => (windowed(c) || {}).verdict, verdict]] : []),
            ...differenceColumns(c => evidence(c)), ['probabilistic Sharpe', c => evidence(c).probabilistic_sharpe, v => percent(v, 1)], ['deflated Sharpe', c => evidence(c).deflated_sharpe, v => percent(v, 1)]],
            candidates.filter(c => c.evidence), rowClass, order)));
        });
      }
      """#)
}
