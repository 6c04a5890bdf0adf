extension PageSection {
  /// Every figure of every model, some at a time.
  static let candidates = PageSection(
    body: """
      <h2>Candidates</h2>
      <div class="controls" id="candidate-controls" data-controls="part"></div>
      <div id="candidates"></div><p class="soft" id="legend"></p>
      """,
    script: #"""
      {
        let group = 'money', isOpen = false;
        const order = { column: -1, down: false }, keyOf = one => one.path[1] === 'mean_f1' ? 'f1' : one.path[1];
        const column = (title, value, words, isSigned, key) => [title, value, (v, c) => isOpen && key && evidence(c) ? withInterval({ ...evidence(c).intervals[key], estimate: v }, words) : words(v), isSigned,
          c => key && evidence(c) && evidence(c).intervals[key] ? `${title}: 95 % interval ${between(evidence(c).intervals[key], words)}`
            + (evidence(c).differences && evidence(c).differences[key] ? `; less the original's ${words(evidence(c).differences[key].estimate)}, ${between(evidence(c).differences[key], words)}` : '') : ''];
        const known = word => { const one = objectives[word]; return column(one.title, c => followed(one.path[0] === 'validation' ? c[state.part] : c, one.path[0] === 'validation' ? one.path.slice(1) : one.path), units[one.unit], one.isSigned, keyOf(one)); };
        const own = (title, key, words, isSigned) => column(title, c => followed(c[state.part], key.split('.')), words, isSigned, key);
        const groups = {
          money: () => [...['net-return', 'gross-return'].map(known), own('costs', 'costs', percent), ...['break-even', 'cost-share', 'cagr', 'information-ratio', 'turnover'].map(known), own('trades', 'trades', whole), ...['hit-rate', 'profit-factor'].map(known),
            own('average win', 'average_win', percent, true), own('average loss', 'average_loss', percent, true), own('net, a candle later', 'fill_one_later.net_return', percent, true), own('net, original\'s threshold', 'at_teacher_thresholds.net_return', percent, true), own('financing paid', 'financing', percent)],
          risk: () => [...['sharpe', 'sortino', 'calmar', 'volatility', 'max-drawdown'].map(known), own('its days', 'max_drawdown_days', v => number(v, 1)), ...['value-at-risk', 'expected-shortfall', 'exposure'].map(known)],
          scores: () => [...['accuracy', 'balanced-accuracy', 'skill', 'f1', 'auc', 'log-loss', 'brier', 'calibration-error', 'ic', 'rank-ic', 'agreement', 'decisions-changed', 'change-cost'].map(known),
            ['missed / false / reversed', c => c[state.part].flips.rate, (v, c) => ['missed', 'false', 'reversed'].map(key => whole(c[state.part].flips[key])).join(' / ')]],
          'size and latency': () => [known('bytes'), column('smaller', c => c.compression_ratio, times), column('weights', c => c.weight_bytes, bytes), ...['plan-bytes', 'parameters', 'multiply-adds'].map(known), ['weights as', c => c.precision || 'fp32', text],
            ...[['p50', 'p50'], ['p99', 'p99'], ['p99.9', 'p999'], ['max', 'max']].map(([words, key]) => column(`${words}, ns`, c => c.latency_ns[key], whole))] };
        const draw = () => byId('candidates').replaceChildren(table([['candidate', c => c.name, text, false, c => c.made], ['verdict', c => (evidence(c) || {}).verdict, verdict], ...groups[group](),
          ['frontier', c => c.pareto ? 'yes' : '', text], ['budget', c => c.within_budget ? 'within' : 'outside', text]], candidates, rowClass, order));
        const picked = buttons(Object.keys(groups).map(key => [key, key]), key => key === group, key => { group = key; order.column = -1; picked.mark(); draw(); });
        const shown = buttons([['intervals', 'intervals']], () => isOpen, () => { isOpen = !isOpen; shown.mark(); draw(); });
        byId('candidate-controls').append(picked.box, ...(noEvidence ? [] : [shown.box]));
        on(['part'], draw);
        byId('legend').append('The choice saw the validation part only; the test part reports. Skill: accuracy above that of always saying the training majority' + (results.truth ? ', both expected under the true probabilities' : '')
          + '. Changed: decisions at the original\'s threshold that differ from the original\'s. Money at each model\'s own threshold. Sharpe ratio: daily net, × √365 (sessions √252). Intervals are 95 %, by hovering or all at once; those of drawdown and Calmar ratio see the ends of days only. – where undefined.');
      }
      """#)
}
