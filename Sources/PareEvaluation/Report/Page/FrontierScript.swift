/// The frontier as all pages draw it: any figure across, any up.
enum FrontierScript {
  static let body = """
    <p class="controls" id="frontier-axes"></p>
    <div class="plot wide"><div><canvas id="frontier" role="img" aria-label="Frontier: a point for each model; the tables have the same figures"></canvas></div></div>
    """

  /// Defines `drawFrontier`. Of `models`: `name`, `figures` by word as [title, figure of a model, words], `costs` (words drawn by
  /// their logarithm), `wanted` (the objectives), `chosen`, `isFrontier`, `isWithin`, `tip`, `limits` by word.
  static let script = #"""
    function drawFrontier({ models, name, figures, costs, wanted, chosen, isFrontier, isWithin, tip, limits = {} }) {
      const first = costs.find(key => wanted.includes(key)) || 'bytes', second = wanted.find(key => key !== first) || 'log-loss';
      const across = {}, up = {};
      for (const [axis, label, value] of [[across, 'across', first], [up, 'up', second]]) {
        Object.assign(axis, choices(label, Object.entries(figures).map(([key, [title]]) => [key, title + (wanted.includes(key) ? ' (objective)' : '')]), value, draw));
        byId('frontier-axes').append(axis.box);
      }
      function draw() {
        const keys = [across.select.value, up.select.value], [x, y] = keys.map(key => figures[key]);
        const isDrawn = m => [x, y].every(([, value], index) => !isMissing(value(m)) && (!costs.includes(keys[index]) || value(m) > 0));
        const set = (label, list, color, radius, pointStyle) => ({ label, data: list.filter(isDrawn).map(m => ({ x: x[1](m), y: y[1](m), model: m })), backgroundColor: color, borderColor: color,
          pointRadius: radius, pointHoverRadius: radius + 3, pointStyle });
        const axis = (key, [title, , words]) => titled(title, { type: costs.includes(key) ? 'logarithmic' : 'linear', ticks: { callback: value => words(value), maxTicksLimit: 8 } });
        plot('frontier', { type: 'scatter', data: { datasets: [
          ...(chosen ? [{ ...set('chosen', [chosen], 'transparent', 11, 'circle'), pointBorderColor: colour('--accent'), pointBorderWidth: 3 }] : []),
          { ...set('frontier', models.filter(isFrontier).sort((a, b) => x[1](a) - x[1](b)), '#059669', 6, 'circle'), showLine: wanted.length === 2 && keys.every(key => wanted.includes(key)), borderWidth: 1 },
          set('dominated', models.filter(m => !isFrontier(m) && isWithin(m)), '#71809a', 5, 'rectRot'),
          { ...set('outside the budget', models.filter(m => !isWithin(m)), '#e5484d', 7, 'crossRot'), borderWidth: 2 }].filter(({ data, label }) => data.length || label === 'frontier') },
          options: { scales: { x: axis(keys[0], x), y: axis(keys[1], y) },
            plugins: { legend: { labels: { usePointStyle: true, boxWidth: 10 } }, tooltip: { filter: (item, index, items) => items.findIndex(other => other.raw.model === item.raw.model) === index,
              callbacks: { label: item => [name(item.raw.model), ...tip(item.raw.model), ...keys.map((key, index) => `${figures[key][0]} ${figures[key][2]([item.raw.x, item.raw.y][index])}`)] } } } } },
          keys.flatMap((key, index) => isMissing(limits[key]) ? [] : [{ axis: 'xy'[index], value: limits[key], label: 'budget' }]));
      }
      draw();
      return draw;
    }
    """#
}
