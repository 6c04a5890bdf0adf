import PareGraph

/// A node of a graph with a weight that a technique may change.
public protocol GraphLayer {
  var node: Node { get }
  /// The parameter that holds the weight.
  var weight: String { get }
}

extension GraphLayer {
  public var name: String { node.name }
}

extension Graph {
  /// The weights of a layer, row-major, each finite.
  ///
  /// - Throws: `CompressionError` `compression.non-finite-value`, naming the first one by its coordinates.
  func weights(of layer: some GraphLayer) throws -> [Float] {
    guard let storage = parameters[layer.weight]?.storage else {
      throw CompressionError("no-layers", subject: "layer '\(layer.name)'", expected: "parameter '\(layer.weight)'", found: "none")
    }
    let values = storage.decoded().values(as: Float.self)
    guard let position = values.firstIndex(where: { !$0.isFinite }) else { return values }
    throw nonFinite(layer.weight, at: position, found: Double(values[position]), expected: "a finite number")
  }
}

extension Array where Element: GraphLayer {
  /// The first layer of each weight: layers may share one.
  func uniqueByWeight() -> [Element] {
    var seen: Set<String> = []
    return filter { seen.insert($0.weight).inserted }
  }
}
