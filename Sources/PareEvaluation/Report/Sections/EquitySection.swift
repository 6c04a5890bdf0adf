extension PageSection {
  /// What models earned along time, and how far below their peak they were.
  static let equity = PageSection(
    body: """
      <h2>Equity and drawdown</h2>
      <div class="controls" data-controls="part money shown"></div>
      <div class="plots">
        <div class="plot"><h3 id="equity-title"></h3><div><canvas id="equity" role="img" aria-label="Equity along time"></canvas></div></div>
        <div class="plot"><h3>Below the peak</h3><div><canvas id="drawdown" role="img" aria-label="Drawdown along time"></canvas></div></div>
      </div>
      <p class="soft">Shares of the notional. Without a model: dotted. The test part is drawn at some moments of each day, the validation part at the end of each; the tables' drawdown sees every candle.</p>
      """,
    script: #"""
      // Daily returns as a curve at the ends of days.
      const curveOfDays = (days, money) => {
        let sum = 0;
        return days.days.map((start, index) => {
          sum = context.compounding ? (1 + sum) * (1 + days[money][index]) - 1 : sum + days[money][index];
          return { x: start + 86400000, y: sum };
        });
      };
      const curve = model => {
        if (state.part === 'test' && model.equity.length) return model.equity.map(point => ({ x: point.time, y: point[state.money] }));
        return evidence(model) ? curveOfDays(evidence(model).days, state.money) : [];
      };
      const belowPeak = points => {
        let peak = 0;
        return points.map(({ x, y }) => {
          peak = Math.max(peak, y);
          return { x, y: context.compounding ? (1 + y) / (1 + peak) - 1 : y - peak };
        });
      };
      on(['part', 'money', 'shown'], () => {
        const lines = [...candidates, ...passive].filter(isDrawn).map(model => [model.name, curve(model), lookOf(model.name)]).filter(([, points]) => points.length);
        byId('equity-title').textContent = `${state.money === 'net' ? 'Net of costs' : 'Gross'}, ${state.part} part`;
        timeLines('equity', lines);
        timeLines('drawdown', lines.map(([label, points, looks]) => [label, belowPeak(points), looks]));
      });
      """#)
}
