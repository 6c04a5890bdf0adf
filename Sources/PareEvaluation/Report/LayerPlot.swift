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
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Pare: quantized layers</title>
    <style>\(ReportPage.style)\(LayerSection.style)</style>
    </head>
    <body>
    <h1>Quantized layers</h1><p class="soft" id="subtitle"></p>
    <h2>Outputs</h2><div id="outputs"></div>
    <p class="soft">In the floating-point reading, the mean of each of the original's columns taken off both.</p>
    <h2>Layers</h2>
    <p class="soft">Inputs and outputs are those of the rows given; weights and outputs against the original's. Counts are drawn to a logarithmic scale; lines mark what the integers reach, red what lies beyond, ticks single integers.</p>
    <div id="layers"></div>
    <script type="application/json" id="errors">\(try PageData.json(errors))</script>
    <script type="application/json" id="names">\(try PageData.json(names))</script>
    <script>\([PageScript.common, LayerSection.script, Self.script].joined(separator: "\n"))</script>
    </body>
    </html>
    """
  }

  /// - Throws: `artifact.cannot-write`.
  public func write(to path: String) throws { try WholeFile.write(Array(try html().utf8), to: path) }

  private static let script = #"""
    const read = id => JSON.parse(byId(id).textContent);
    const { layers, outputs } = read('errors'), names = read('names');
    byId('subtitle').textContent = `${names.model} against ${names.original}`;
    byId('outputs').append(table([['output', o => o.name, text => text], ['dB', o => o.error.snr_db, v => isMissing(v) ? 'equal' : decibels(v)],
      ['cosine', o => o.error.cosine, v => number(v, 6)], ['largest error', o => o.error.max_error, v => number(v, 6)]], outputs));
    byId('layers').append(layers.length ? layerFigures(layers) : make('p', 'No layer is quantized in the one and real in the other.'));
    """#
}
