extension PageSection {
  /// What candidates and original did under planted shocks and on the most volatile days.
  static let stress = PageSection(
    body: """
      <section id="stress-section" hidden><h2>Under stress</h2><div class="controls" data-controls="model"></div><div id="stress"></div>
        <p class="soft">The test part decided anew, each model on features of the shocked candles, at the original's threshold: gaps of ten deviations down and up, tenfold spreads, bursts of five times the volatility, each at a random time of its own stretch; and the most volatile twentieth of its days as they were. Worst: the greatest net loss of a day, the least net return of a trade.</p></section>
      """,
    script: #"""
      {
        const outcomes = c => followed(c, ['evidence', 'test', 'stress']) || [];
        byId('stress-section').hidden = !candidates.some(c => outcomes(c).length);
        const sides = (title, key) => [['original', 'original'], ['candidate', state.model]].map(([side, name]) => [`${title}, ${name}`, row => row[side][key], percent, key !== 'worst_daily_loss']);
        if (!byId('stress-section').hidden) on(['model'], () => byId('stress').replaceChildren(outcomes(selected()).length
          ? table([['scenario', row => row.name, text], ['decisions', row => row.decisions, whole], ...['missed', 'false', 'reversed'].map(key => [key, row => row.changes[key], whole]), ...sides('net', 'net_return'),
            ['difference', row => row.candidate.net_return - row.original.net_return, v => signed(v, percent), true], ...sides('worst day', 'worst_daily_loss'), ...sides('worst trade', 'worst_trade')], outcomes(selected()))
          : make('p', 'Not known for this model.', { class: 'soft' })));
      }
      """#)
}
