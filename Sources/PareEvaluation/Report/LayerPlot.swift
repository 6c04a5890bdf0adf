import PareArtifact
import PareCompression

/// What quantization cost a model layer by layer, as one HTML page that opens offline and fetches nothing.
public struct LayerPlot: Sendable {
  private let errors: ModelErrors
  private let names: Names

  private struct Names: Sendable, Encodable {
    let model: String
    let original: String
  }

  /// - Parameters:
  ///   - model: what the page calls the quantized model.
  ///   - original: the same of the one that it was made of.
  public init(_ errors: ModelErrors, model: String, original: String) {
    self.errors = errors
    names = Names(model: model, original: original)
  }

  public func html() throws -> String {
    HTMLPage(
      title: "quantized layers", sections: [Self.section],
      data: [("errors", try PageData.json(errors)), ("names", try PageData.json(names))], hasCharts: false
    ).html
  }

  /// - Throws: `artifact.cannot-write`.
  public func write(to path: String) throws { try WholeFile.write(Array(try html().utf8), to: path) }

  private static let section = PageSection(
    style: LayerSection.style,
    body: """
      <h1>Quantized layers</h1><p class="soft" id="subtitle"></p>
      <h2>Outputs</h2><div id="outputs"></div>
      <p class="soft">In the floating-point reading, the mean of each of the original's columns taken off both.</p>
      <h2>Layers</h2>
      <p class="soft">Inputs and outputs are those of the rows given; weights and outputs against the original's. Counts are drawn to a logarithmic scale; lines mark what the integers reach, red what lies beyond, ticks single integers.</p>
      <div id="layers"></div>
      """,
    script: LayerSection.script + "\n" + #"""
      const read = id => JSON.parse(byId(id).textContent);
      const { layers, outputs } = read('errors'), names = read('names');
      byId('subtitle').append(`${names.model} against ${names.original}`);
      byId('outputs').append(table([['output', o => o.name, text], ['dB', o => o.error.snr_db ?? Infinity, v => v === Infinity ? 'equal' : decibels(v)],
        ['cosine', o => o.error.cosine, v => number(v, 6)], ['largest error', o => o.error.max_error, v => number(v, 6)]], outputs));
      byId('layers').append(layers.length ? layerFigures(layers) : make('p', 'No layer is quantized in the one and real in the other.'));
      """#)
}
