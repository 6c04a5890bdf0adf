extension PageSection {
  /// What the sections of a report share: the results, and what a reader may turn to in all of them at once: the part, net or gross,
  /// the models that are drawn, the one that is set beside the original.
  ///
  /// An element with `data-controls="part money shown model"` gets those controls. Defines `on(keys, draw)`, which draws now and whenever
  /// one of the keys turns.
  static let reading = PageSection(
    script: #"""
      const read = id => JSON.parse(byId(id).textContent);
      const results = read('results'), context = read('context'), { candidates, baselines, data } = results;
      // A teacher of which only what it said is known has neither bytes nor a time.
      for (const c of candidates) { c.latency_ns ??= {}; if (!c.artifact && !c.parts) c.bytes = c.plan_bytes = c.weight_bytes = null; }
      const chosen = candidates.find(c => c.name === results.chosen), original = candidates.find(c => c.role === 'teacher') || candidates[0];
      const others = candidates.filter(c => c !== original), passive = baselines.filter(b => b.name !== 'flat');
      const evidence = (c, part) => c && c.evidence ? c.evidence[part || state.part] : undefined;
      const state = { part: 'test', money: 'net', model: (chosen && chosen !== original ? chosen : others[0] || original || {}).name,
        shown: new Set([original, chosen, ...(chosen && chosen !== original ? [] : others.slice(0, 2)), ...passive].filter(Boolean).map(m => m.name)) };
      const listeners = [];
      const on = (keys, draw) => { listeners.push([keys, draw]); draw(); };
      const turn = (key, value) => { if (key !== 'shown') state[key] = value; for (const [keys, draw] of listeners) if (keys.includes(key)) draw(); };
      const selected = () => candidates.find(c => c.name === state.model);
      const isOriginal = c => c === original;
      const rowClass = c => c.name === results.chosen ? { class: 'chosen' } : {};
      // The original is grey and dashed, the chosen one thick.
      const looks = candidates.map(({ name }, index) => name === (original || {}).name ? { borderColor: '#71809a', backgroundColor: '#71809a', borderWidth: 2, borderDash: [6, 3], pointStyle: 'rect' }
        : { ...look(index), ...(name === results.chosen ? { borderWidth: 3.5, borderDash: [] } : {}) });
      const lookOf = name => looks[candidates.findIndex(c => c.name === name)] || { borderColor: '#64748b', backgroundColor: '#64748b', borderWidth: 1.2, borderDash: [2, 3], pointStyle: 'cross' };
      const isDrawn = model => state.shown.has(model.name);
      const noEvidence = candidates.every(c => !c.evidence);
      const controls = {
        part: () => { const { box, mark } = buttons([['test', 'test'], ['validation', 'validation']], key => key === state.part, key => turn('part', key)); on(['part'], mark); return box; },
        money: () => { const { box, mark } = buttons([['net', 'net'], ['gross', 'gross']], key => key === state.money, key => turn('money', key)); on(['money'], mark); return box; },
        model: () => { const { box, select } = choices('model', others.map(c => [c.name, c.name]), state.model, name => turn('model', name)); on(['model'], () => { select.value = state.model; }); return box; },
        shown: () => {
          const box = make('fieldset', make('legend', 'shown'));
          for (const { name } of [...candidates, ...passive]) {
            const input = make('input', undefined, { type: 'checkbox' }), label = make('label', input);
            label.append(' ' + name);
            input.onchange = () => { if (input.checked) state.shown.add(name); else state.shown.delete(name); turn('shown'); };
            on(['shown'], () => { input.checked = state.shown.has(name); });
            box.append(label);
          }
          return box;
        } };
      document.querySelectorAll('[data-controls]').forEach(element => element.append(...element.dataset.controls.split(' ').map(key => controls[key]())));
      """#)

  /// Links to the sections that the page has, once all are drawn.
  static let contents = PageSection(
    script: #"""
      document.querySelectorAll('h2').forEach((heading, index) => {
        if (heading.closest('[hidden]')) return;
        heading.id = heading.id || `part-${index}`;
        byId('contents').append(make('a', heading.textContent, { href: '#' + heading.id }));
      });
      """#)
}
