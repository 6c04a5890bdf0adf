import PareGraph
import PareTraining

/// The moments of what layers multiply by their weights, over some rows: of a convolution those of its windows.
struct ProductInputs {
  private let moments: [MomentKey: InputMoments]
  private let windows: [String: String]

  /// - Throws: what evaluating the graph throws, and `CompressionError` for values that are not finite.
  init(of layers: [ProductLayer], in graph: Graph, rows: TrainingData, progress: (Double) -> Void) throws {
    var observed = graph
    windows = ConvolutionWindows.add(for: layers, to: &observed)
    var request = ObservationRequest()
    if !windows.isEmpty { request.chunk = ConvolutionWindows.chunk }
    for layer in layers { if let key = Self.key(of: layer, windows) { request.moments[key] = true } }
    moments = request.isEmpty
      ? [:] : try ActivationObserver.observe(request, of: observed, rows: rows, progress: progress).moments
  }

  /// nil where they are not observed: of filters that read some of the channels each, and of long windows.
  subscript(layer: ProductLayer) -> InputMoments? { Self.key(of: layer, windows).flatMap { moments[$0] } }

  /// Where the moments of a layer's inputs are kept.
  static func key(of layer: ProductLayer, _ windows: [String: String]) -> MomentKey? {
    guard layer.isConvolution else { return layer.momentKey }
    return windows[layer.name].map { MomentKey(value: $0, isChannels: true) }
  }
}
