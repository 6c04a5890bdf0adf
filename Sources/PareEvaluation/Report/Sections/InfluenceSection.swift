extension PageSection {
  /// Which symbol's columns move what is said of which, where rows see the whole cross-section.
  static let influence = PageSection(
    style: """
      #influence { overflow-x: auto; }
      #influence table { width: auto; }
      #influence th { white-space: nowrap; }
      #influence td { text-align: right; min-width: 3.6em; }
      #influence td.own { outline: 1px solid currentColor; outline-offset: -2px; }
      """,
    body: """
      <section id="influence-section" hidden><h2>Who hears whom</h2><div class="controls" id="influence-model"></div><div id="influence"></div>
        <p class="soft">By the symbol that is decided (rows) and the one that is seen (columns): how far the logits move for one training standard deviation of a column of the seen symbol, the root mean square over its columns, the classes and training rows, the mean over the classes taken off. Of a linear model that is the weight on the normalized column. The darker, the more; a symbol's own columns are framed.</p></section>
      """,
    script: #"""
      {
        const known = candidates.filter(c => c.influence);
        byId('influence-section').hidden = known.length === 0;
        const show = name => {
          const { symbols, table: rows } = known.find(c => c.name === name).influence;
          const most = Math.max(...rows.flat(), Number.MIN_VALUE);
          const element = make('table'), head = make('tr', make('th', 'decided ↓ seen →')), body = make('tbody'), top = make('thead', head);
          for (const symbol of symbols) head.append(make('th', symbol));
          rows.forEach((row, decided) => {
            const line = make('tr', make('th', symbols[decided]));
            row.forEach((value, seen) => {
              const share = value / most;
              line.append(make('td', number(value, 3), { ...(seen === decided ? { class: 'own' } : {}), title: `${symbols[seen]} moves what is said of ${symbols[decided]} by ${number(value, 4)}`,
                style: `background: rgba(30, 90, 170, ${share.toFixed(3)}); color: ${share > 0.55 ? '#fff' : 'inherit'}` }));
            });
            body.append(line);
          });
          element.append(top, body);
          byId('influence').replaceChildren(element);
        };
        if (known.length) {
          const first = (known.find(c => c.name === results.chosen) || known[0]).name;
          byId('influence-model').append(choices('model', known.map(c => [c.name, c.name]), first, show).box);
          show(first);
        }
      }
      """#)
}
