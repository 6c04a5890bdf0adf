/// What became of a model's layers when they were quantized: how far they are off, and histograms of their weights and inputs
/// with what the integers reach. The same on every page that shows it.
enum LayerSection {
  static let style = """
    .layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: .8rem; margin: .8rem 0; }
    .layers figure { margin: 0; background: var(--panel); border-radius: 6px; padding: .6rem .7rem; min-width: 0; }
    .layers figcaption { font-size: .8rem; color: var(--soft); } .layers b { color: var(--ink); }
    .layers svg { display: block; width: 100%; height: auto; margin: .3rem 0; }
    .layers rect { fill: var(--accent); } .layers rect.cut { fill: var(--bad); }
    .layers rect.beyond { fill: var(--bad); opacity: .12; } .layers line { stroke: var(--ink); stroke-width: 1; }
    .layers line.axis, .layers line.level { stroke: var(--soft); } .layers line.level { opacity: .8; } .layers text { fill: var(--soft); font-size: 10px; }
    #layers th { white-space: normal; vertical-align: bottom; } .meter + span { display: inline-block; min-width: 2.8em; }
    .meter { display: inline-block; width: 90px; height: .7em; background: var(--line); margin-right: .5em; vertical-align: baseline; }
    .meter i { display: block; height: 100%; background: var(--accent); }
    """

  /// Defines `layerFigures(analyses)`: an element with a table and the histograms.
  static let script = #"""
    // The parser knows the namespace of pictures: a page names no address.
    const parsed = make('template');
    parsed.innerHTML = '<svg></svg>';
    const namespace = parsed.content.firstChild.namespaceURI;
    const svg = (tag, attributes, text) => {
      const element = document.createElementNS(namespace, tag);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = text;
      return element;
    };
    const brief = value => value === 0 ? '0' : Number(value.toPrecision(3)).toString();
    function histogram(values, name) {
      const [width, height, floor] = [330, 96, 78];
      const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': name });
      const isFixed = !isMissing(values.low), breadth = values.width || Math.max(Math.abs(values.start), 1) / 64;
      const end = values.start + breadth * values.counts.length;
      let [low, high] = [values.start, end];
      if (isFixed) [low, high] = [Math.min(low, values.low), Math.max(high, values.high)];
      const margin = (high - low) * 0.02, x = value => (value - low + margin) / (high - low + 2 * margin) * width;
      if (isFixed) for (const [from, to] of [[values.minimum, values.low], [values.high, values.maximum]])
        if (x(to) - x(from) > 0.5) picture.append(svg('rect', { class: 'beyond', x: x(from), y: 0, width: x(to) - x(from), height: floor }));
      const top = Math.log1p(Math.max(...values.counts, 1));
      values.counts.forEach((count, index) => {
        if (!count) return;
        const from = values.start + breadth * index, tall = Math.max(Math.log1p(count) / top * (floor - 6), 1);
        const isCut = isFixed && (from + breadth <= values.low || from >= values.high);
        picture.append(svg('rect', { x: x(from), y: floor - tall, width: Math.max(x(from + breadth) - x(from) - 0.5, 0.5), height: tall, ...(isCut ? { class: 'cut' } : {}) }));
      });
      picture.append(svg('line', { class: 'axis', x1: 0, x2: width, y1: floor, y2: floor }));
      if (isFixed) for (const bound of [values.low, values.high]) picture.append(svg('line', { x1: x(bound), x2: x(bound), y1: 0, y2: floor + 4 }));
      // Single integers, where they can be told apart.
      const step = values.finest_step, isOneScale = isFixed && step === values.coarsest_step;
      if (isOneScale && step > 0 && x(step) - x(0) >= 3) {
        const count = Math.round((values.high - values.low) / step);
        for (let level = 0; level <= count; level += 1) picture.append(svg('line', { class: 'level', x1: x(values.low + level * step), x2: x(values.low + level * step), y1: floor, y2: floor + 4 }));
      }
      const label = (value, anchor) => picture.append(svg('text', { x: Math.min(Math.max(x(value), 0), width), y: height - 4, 'text-anchor': anchor }, brief(value)));
      label(values.minimum, x(values.minimum) < 40 ? 'start' : 'middle');
      if (values.maximum > values.minimum) label(values.maximum, x(values.maximum) > width - 40 ? 'end' : 'middle');
      if (x(0) - x(values.minimum) > 60 && x(values.maximum) - x(0) > 60) label(0, 'middle');
      return picture;
    }
    function reachWords(values, cut) {
      if (isMissing(values.low)) return 'in its own range each time, or not quantized';
      if (isMissing(values.finest_step)) return `become numbers within ${brief(values.low)} … ${brief(values.high)}`;
      const step = values.finest_step === values.coarsest_step ? brief(values.finest_step) : `${brief(values.finest_step)} to ${brief(values.coarsest_step)}`;
      return `integers reach ${brief(values.low)} … ${brief(values.high)}, step ${step}` + (isMissing(cut) ? '' : `; ${percent(cut, cut && cut < 0.001 ? 4 : 2)} beyond`);
    }
    function layerFigures(analyses) {
      const box = make('div');
      const bar = error => {
        const cell = make('td'), meter = make('span', undefined, { class: 'meter' }), filled = make('i');
        // 60 dB fill it; where nothing differs it is full.
        filled.style.width = `${isMissing(error.snr_db) ? 100 : Math.min(Math.max(error.snr_db / 60, 0), 1) * 100}%`;
        meter.append(filled);
        cell.append(meter, make('span', isMissing(error.snr_db) ? 'equal' : decibels(error.snr_db)));
        return cell;
      };
      const columns = [['layer', a => a.layer, text], ...['weights', 'input', 'output'].map(key => [`${key} dB`, a => a[key].snr_db ?? Infinity, () => '']),
        ['weights: largest error in half steps', a => isMissing(a.weight_values.finest_step) ? null : a.weight_error_in_half_steps, v => number(v, 3)], ['input: the same', a => isMissing(a.input_values.low) ? null : a.input_error_in_half_steps, v => number(v, 3)],
        ['inputs beyond', a => isMissing(a.input_values.low) ? null : a.input_saturation, percent]];
      const figures = table(columns, analyses);
      figures.querySelectorAll('tbody tr').forEach((row, index) => ['weights', 'input', 'output'].forEach((key, place) => row.cells[place + 1].replaceWith(bar(analyses[index][key]))));
      const grid = make('div', undefined, { class: 'layers' });
      for (const analysis of analyses) for (const [kind, values, cut] of [['weights', analysis.weight_values], ['input', analysis.input_values, analysis.input_saturation]]) {
        const figure = make('figure'), caption = make('figcaption');
        caption.append(make('b', `${analysis.layer}, ${kind}`), make('br'), make('span', reachWords(values, cut)));
        figure.append(histogram(values, `Histogram of the ${kind} of ${analysis.layer}`), caption);
        grid.append(figure);
      }
      box.append(figures, grid);
      return box;
    }
    """#
}
