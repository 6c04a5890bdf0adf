/// What plots have in common: colours that follow the page's, lines that mark a limit, hovering.
enum ChartScript {
  /// After `PageScript.common` and the chart library.
  static let script = #"""
    const tokens = getComputedStyle(document.documentElement), colour = name => tokens.getPropertyValue(name).trim();
    // Each stands out from both grounds, three to one; dashes and shapes tell apart what colours do not.
    const palette = ['#3b82f6', '#b7791f', '#059669', '#a855f7', '#e5484d', '#0891b2', '#db2777', '#0d9488', '#8b5cf6', '#71809a'];
    const dashes = [[], [7, 3], [2, 2], [9, 3, 2, 3]], shapes = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot'];
    const look = (index, width = 1.6) => ({ borderColor: palette[index % palette.length], backgroundColor: palette[index % palette.length], borderWidth: width,
      borderDash: dashes[Math.floor(index / 3) % dashes.length], pointStyle: shapes[index % shapes.length] });
    Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false });
    Chart.defaults.layout.padding = { top: 14 };
    Object.assign(Chart.defaults.plugins.legend, { position: 'bottom' });
    Object.assign(Chart.defaults.plugins.legend.labels, { boxWidth: 22, usePointStyle: false });
    function paint() {
      Chart.defaults.color = colour('--soft');
      Chart.defaults.borderColor = colour('--line');
      for (const chart of Object.values(Chart.instances)) chart.update('none');
    }
    paint();
    for (const query of ['(prefers-color-scheme: dark)', 'print']) matchMedia(query).addEventListener('change', paint);
    // Marks are {axis, value, label}: a line across the plot.
    Chart.register({ id: 'marks', afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales, marks = [] } = chart;
      for (const { axis, value, label } of marks) {
        const place = scales[axis].getPixelForValue(value);
        const [from, to] = axis === 'x' ? [area.left, area.right] : [area.top, area.bottom];
        if (!(place >= from && place <= to)) continue;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = colour('--ink');
        ctx.setLineDash([4, 3]);
        ctx.beginPath();
        if (axis === 'x') { ctx.moveTo(place, area.top); ctx.lineTo(place, area.bottom); } else { ctx.moveTo(area.left, place); ctx.lineTo(area.right, place); }
        ctx.stroke();
        ctx.font = '11px system-ui, sans-serif';
        ctx.textAlign = axis === 'x' ? 'center' : 'left';
        if (axis === 'x') ctx.fillText(label, place, area.top - 4); else ctx.fillText(label, area.left + 4, place - 4);
        ctx.restore();
      }
    } });
    function plot(id, config, marks = []) {
      const old = Chart.getChart(byId(id));
      if (old) old.destroy();
      const chart = new Chart(byId(id), config);
      chart.marks = marks;
      if (marks.length) chart.draw();
      return chart;
    }
    const titled = (words, more = {}) => ({ title: { display: true, text: words }, ...more });
    const plainLegend = { labels: { boxWidth: 12 } };
    // Ticks with as many decimals as tell them apart.
    const inPercent = (value, index, ticks) => {
      const step = ticks.length > 1 ? Math.abs(ticks[1].value - ticks[0].value) : 1;
      return number(value, step >= 1 ? 0 : Math.min(Math.ceil(-Math.log10(step)), 4)) + ' %';
    };
    // Returns along time: [[label, [{x, y}], looks]], y as shares.
    const timeLines = (id, lines) => plot(id, { type: 'line', data: { datasets: lines.map(([label, data, looks]) => ({ label, data: data.map(({ x, y }) => ({ x, y: 100 * y })), ...looks, pointRadius: 0 })) },
      options: { parsing: false, interaction: { mode: 'nearest', axis: 'x', intersect: false },
        plugins: { legend: { labels: { usePointStyle: true, pointStyle: 'line', boxWidth: 26 } }, tooltip: { callbacks: { title: items => items.length ? day(items[0].parsed.x) : '', label: item => `${item.dataset.label} ${number(item.parsed.y)} %` } } },
        scales: { x: { type: 'linear', bounds: 'data', ticks: { maxTicksLimit: 6, callback: day } }, y: { ticks: { callback: inPercent } } } } });
    // Intervals one above the other: [[label, interval, words of the verdict]], as shares a day, drawn in basis points.
    function intervals(id, rows, marks) {
      const drawn = rows.filter(([, interval]) => interval && !isMissing(interval.lower));
      byId(id).parentElement.style.height = `${Math.max(drawn.length, 2) * 26 + 70}px`;
      const line = drawn.map(([, , word]) => ({ kept: colour('--good'), lost: colour('--bad') }[word] || palette[9]));
      plot(id, { data: { labels: drawn.map(([label, , word]) => `${label} ${(verdictWords[word] || '').slice(0, 1)}`), datasets: [
        { type: 'line', showLine: false, label: 'difference', data: drawn.map(([, interval]) => 1e4 * interval.estimate), backgroundColor: colour('--ink'), borderColor: colour('--ink'), pointRadius: 4, pointStyle: 'rectRot' },
        { type: 'bar', label: '95 % interval', data: drawn.map(([, interval]) => [1e4 * interval.lower, 1e4 * interval.upper]), backgroundColor: line, barThickness: 8 }] },
        options: { indexAxis: 'y', scales: { x: titled('candidate less original, basis points a day') }, plugins: { legend: plainLegend, tooltip: { mode: 'index', axis: 'y', intersect: false, callbacks: {
          label: item => item.datasetIndex ? `95 % interval ${between(drawn[item.dataIndex][1], dailyBasisPoints)}` : `difference ${dailyBasisPoints(drawn[item.dataIndex][1].estimate)}`,
          footer: items => items.length ? verdictWords[drawn[items[0].dataIndex][2]] || '' : '' } } } } }, marks);
    }
    """#
}
