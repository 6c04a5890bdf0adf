extension PageSection {
  /// What was chosen and why, what would have to be otherwise, and what the test part says of it.
  static let choice = PageSection(
    style: """
      .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(124px, 1fr)); gap: .6rem; margin: .8rem 0 0; }
      .card { background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: .45rem .7rem; }
      .card b { display: block; font-size: 1.1rem; font-variant-numeric: tabular-nums; }
      .card span { color: var(--soft); font-size: .8rem; display: block; } .card small { color: var(--soft); display: block; }
      .choice ul { margin: .3rem 0; padding-left: 1.2rem; }
      nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: .6rem 0; font-size: .9rem; }
      """,
    body: """
      <header><h1 id="title"></h1><p class="soft" id="subtitle"></p></header>
      <div id="simulated" class="notice" hidden>This market is <b>simulated</b>. Nothing here is a statement about a real one.</div>
      <section class="choice"><strong id="chosen"></strong><p id="reason"></p><ul id="alternatives"></ul><p id="chosen-verdict"></p><div class="cards" id="cards"></div></section>
      <nav id="contents" aria-label="Sections"></nav>
      """,
    script: #"""
      byId('title').append(results.experiment);
      byId('subtitle').append(`${data.source} · ${data.symbols.join(', ')} · ${data.interval} · seed ${results.seed} · test part ${data.test.first} – ${data.test.last} UTC`);
      byId('simulated').hidden = !data.source.startsWith('simulated');
      byId('chosen').append(results.chosen ? `Chosen: ${results.chosen}` : 'Nothing is within the budget');
      byId('reason').append(results.reason);
      byId('alternatives').append(...(results.alternatives || []).map(words => make('li', words)));
      {
        const found = evidence(chosen), of = key => found && found.intervals[key];
        if (chosen && isOriginal(chosen)) byId('chosen-verdict').append('It is the original itself: there is nothing to compare it with.');
        else if (found && found.comparison) {
          const { difference, margin } = found.comparison;
          byId('chosen-verdict').append('On the test part: ', verdict(found.verdict), `. It earns ${signed(difference.estimate, dailyBasisPoints)} basis points a day more than the original`,
            isMissing(difference.lower) ? ', with too few days for an interval.' : ` (95 % interval ${between(difference, dailyBasisPoints)}); kept would be wholly above −${dailyBasisPoints(margin)}.`);
        } else byId('chosen-verdict').remove();
        if (chosen) for (const [label, words, interval] of [
          ['net return, test', percent(chosen.test.net_return), between(of('net_return'), percent)], ['gross return, test', percent(chosen.test.gross_return), between(of('gross_return'), percent)],
          ['Sharpe ratio, test', number(chosen.test.sharpe), between(of('sharpe'), number)], ['largest drawdown, test', percent(chosen.test.max_drawdown)],
          ['accuracy, test', percent(chosen.test.accuracy), between(of('accuracy'), percent)], ['decisions changed, test', percent(chosen.test.flips.rate)],
          ['p50 / p99', `${whole(chosen.latency_ns.p50)} / ${whole(chosen.latency_ns.p99)} ns`],
          ['artifact', bytes(chosen.bytes), `${times(chosen.compression_ratio)} smaller than the original`]]) {
          const card = make('div', make('b', words), { class: 'card' });
          card.append(make('span', label));
          if (interval && interval !== '–') card.append(make('small', interval));
          byId('cards').append(card);
        }
      }
      """#)
}
