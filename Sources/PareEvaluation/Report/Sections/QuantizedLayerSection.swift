extension PageSection {
  /// What became of layers that were quantized.
  static let quantizedLayers = PageSection(
    style: LayerSection.style,
    body: """
      <section id="layers-section" hidden><h2>Quantized layers</h2>
        <p class="soft">Weights, inputs and outputs on the validation part (its first 4,096 labelled rows) against those before the step that quantized them. Counts are drawn to a logarithmic scale; lines mark what the integers reach, red what lies beyond, ticks single integers.</p><div id="layers"></div></section>
      """,
    script: LayerSection.script + "\n" + #"""
      const analysed = JSON.parse(byId('layer-data').textContent).filter(({ layers }) => layers.length);
      byId('layers-section').hidden = analysed.length === 0;
      analysed.forEach(({ candidate, layers }, index) => {
        const box = make('details'), summary = make('summary');
        const worst = layers.reduce((a, b) => ((a.output.snr_db ?? Infinity) <= (b.output.snr_db ?? Infinity) ? a : b));
        summary.append(make('b', candidate), make('span', `${layers.length} layers; the furthest off is ${worst.layer}, whose output is at ${isMissing(worst.output.snr_db) ? 'no distance' : decibels(worst.output.snr_db) + ' dB'}`, { class: 'soft' }));
        // Drawn when they are wanted: a page may hold hundreds.
        box.addEventListener('toggle', () => { if (box.open && !box.querySelector('.layers')) box.append(layerFigures(layers)); });
        box.append(summary);
        byId('layers').append(box);
        if (index === 0) box.open = true;
      });
      """#)
}
