extension PageSection {
  /// Whom the students learned from, and what that teacher says beyond its decisions.
  static let teacher = PageSection(
    body: """
      <section id="teacher-section"><h2>Teacher</h2><p id="teacher-words"></p><div class="controls" data-controls="part"></div>
        <div class="plots">
        <div class="plot"><h3>Accuracy by conviction, %</h3><div><canvas id="conviction" role="img" aria-label="How often the teacher is right by how sure it is, a tenth of the rows each"></canvas></div></div>
        <div class="plot" id="disagreement-plot"><h3>Accuracy by disagreement of the members, %</h3><div><canvas id="disagreement" role="img" aria-label="How often the ensemble is right by how far its members are apart, a tenth of the rows each"></canvas></div></div>
        <div class="plot" id="curve-plot"><h3>Learning</h3><div><canvas id="learning" role="img" aria-label="How the teacher did while it learned"></canvas></div></div>
        </div>
        <div id="soft-targets"></div><div id="confusion"></div>
        <p class="soft">Entropy is a share of that of saying nothing: at 100 % a target tells no class from another, at 0 % it says what a label says. The second table has the mean probability that the teacher gives each class on the rows of a label; what stands beside the diagonal is which classes it holds to be alike.</p></section>
      """,
    script: #"""
      {
        const teacher = results.teacher;
        byId('teacher-section').hidden = !teacher;
        if (teacher) {
          const models = teacher.models.length > 1 ? `; ${teacher.models.length} models: ${teacher.models.join(', ')}` : teacher.models.length ? '' : '; only what it said is known';
          byId('teacher-words').append(`${teacher.words}${models}${teacher.was_kept ? '; kept from an earlier run' : ''}.`);
          byId('curve-plot').hidden = teacher.curves.length === 0;
          if (teacher.curves.length) plot('learning', { type: 'line', data: { datasets: teacher.curves.flatMap(curve => [['training', p => p.training], ['validation', p => p.validation]]
            .map(([words, value]) => ({ label: `${curve.name}, ${words}`, data: curve.points.filter(p => !isMissing(value(p))).map(p => ({ x: p.at, y: value(p) })) })).filter(set => set.data.length)) },
            options: { parsing: false, scales: { x: titled(teacher.curves[0].unit, { type: 'linear' }) } } });
          on(['part'], () => {
            const known = teacher[state.part], { classes } = known;
            const points = bins => bins.map(bin => ({ x: 100 * bin.confidence, y: 100 * bin.accuracy, rows: bin.rows }));
            const draw = (id, bins, axis) => plot(id, { type: 'line', data: { datasets: [{ label: 'teacher', data: points(bins) }] }, options: { parsing: false, scales: { x: titled(axis, { type: 'linear' }), y: titled('right, %') },
              plugins: { legend: { display: false }, tooltip: { callbacks: { title: () => '', label: item => `${number(item.parsed.x, 2)} %: right ${number(item.parsed.y, 1)} %, ${whole(item.raw.rows)} rows` } } } } });
            draw('conviction', known.conviction, 'mean probability of the likeliest class, %');
            byId('disagreement-plot').hidden = known.disagreement.length === 0;
            if (known.disagreement.length) draw('disagreement', known.disagreement, 'mean deviation of the members, %');
            byId('soft-targets').replaceChildren(table([['temperature', s => s.temperature, whole], ['entropy of the targets', s => s.entropy, percent]], known.softened));
            byId('confusion').replaceChildren(table([['label', row => row.label, text], ...classes.map((name, index) => [`gives ${name}`, row => row.said[index], percent])],
              known.confusion.map((said, index) => ({ label: classes[index], said }))));
          });
        }
      }
      """#)
}
