extension PageSection {
  /// Each model by any two figures of the validation part.
  static let frontier = PageSection(
    body: """
      <h2>Frontier</h2>
      \(FrontierScript.body)
      <p class="soft" id="frontier-note"></p>
      """,
    script: #"""
      // By objective: what an axis says, the figure of a model, its words, whether its sign is coloured.
      const figures = Object.fromEntries(Object.entries(objectives).map(([key, one]) => [key, [one.title, c => followed(c, one.path), units[one.unit], one.isSigned]]));
      const latencyLimit = context.latency_limit_ns;
      drawFrontier({ models: candidates, name: c => c.name, figures, costs: Object.keys(objectives).filter(key => !objectives[key].isQuality), wanted: results.objectives, chosen,
        isFrontier: c => c.pareto, isWithin: c => c.within_budget, limits: { 'latency-p99': latencyLimit, 'plan-bytes': results.budget.memory_bytes },
        tip: c => [c.made, ...results.objectives.filter(key => figures[key]).map(key => `${figures[key][0]} ${figures[key][2](figures[key][1](c))}`),
          `net ${percent(c.validation.net_return)}, Sharpe ratio ${number(c.validation.sharpe)}, accuracy ${percent(c.validation.accuracy)}`,
          `${bytes(c.bytes)}, p50 ${whole(c.latency_ns.p50)} ns, p99 ${whole(c.latency_ns.p99)} ns`, c.within_budget ? 'within the budget' : 'outside the budget'] });
      byId('frontier-note').append(`Validation part, by which everything was chosen. On the frontier is what no other beats in all of ${results.objectives.map(key => figures[key] ? figures[key][0] : key).join(', ')} at once`
        + `, whatever is drawn here; grey diamonds are dominated. ` + (isMissing(results.hypervolume) ? '' : `Hypervolume: the frontier dominates ${percent(results.hypervolume, 1)} of the box from the best figures to a tenth beyond the worst. `)
        + (isMissing(latencyLimit) && isMissing(results.budget.memory_bytes) ? 'No budget was set.'
          : 'Budget: ' + [isMissing(latencyLimit) ? '' : `p99 up to ${whole(latencyLimit)} ns${results.budget.tier ? ` (${results.budget.tier})` : ''}`, isMissing(results.budget.memory_bytes) ? '' : `up to ${bytes(results.budget.memory_bytes)} resident`].filter(Boolean).join(', ') + '.'));
      """#)
}
