import PareCompression
import PareGraph

/// A layer of one model or of both, by its name.
public struct LayerComparison: Sendable, Encodable {
  public struct Side: Sendable, Equatable, Encodable {
    public let operatorName: String
    /// The form of its largest parameter and that one's shape: `int8 [64, 20]`.
    public let weights: String
    /// Numbers in its parameters, scales among them, and their bytes in the file.
    public let parameters: Int
    public let bytes: Int
    /// For one row.
    public let multiplyAdds: Int
    /// Of the plan's step that the layer is in, and nanoseconds of that by the cost table; nil where unknown, and where an earlier
    /// layer is in the same step.
    public let kernel: String?
    public let estimateNs: Double?
  }

  public let name: String
  /// nil where that model has no layer of the name.
  public let a: Side?
  public let b: Side?

  /// Layers of both, in the order of `a`, then those that `b` alone has. A layer is a node that computes with inputs and reads
  /// parameters, its own or those behind nodes that only turn parameters into others.
  static func layers(_ a: (Graph, ModelInspection), _ b: (Graph, ModelInspection)) -> [LayerComparison] {
    let (left, right) = (sides(a.0, a.1), sides(b.0, b.1))
    let named = { (sides: [(name: String, side: Side)]) in Dictionary(sides.map { ($0.name, $0.side) }) { first, _ in first } }
    let (ofA, ofB) = (named(left), named(right))
    var seen: Set<String> = []
    return (left + right).map(\.name).filter { seen.insert($0).inserted }
      .map { LayerComparison(name: $0, a: ofA[$0], b: ofB[$0]) }
  }

  private static func sides(_ graph: Graph, _ inspection: ModelInspection) -> [(name: String, side: Side)] {
    let rows = Dictionary(inspection.parameters.map { ($0.name, $0) }) { first, _ in first }
    let work = Dictionary(inspection.nodes.map { ($0.name, $0.multiplyAdds) }) { first, _ in first }
    var steps: [String: Int] = [:]
    for (index, step) in inspection.steps.enumerated() { for node in step.nodes { steps[node] = index } }
    var counted: Set<Int> = []
    return graph.storedLayers.map { layer in
      let own = layer.parameters.compactMap { name in graph.parameters[name].map { (name: name, storage: $0.storage) } }
      let largest = own.max { $0.storage.shape.elementCount < $1.storage.shape.elementCount }?.name
      let weights = largest.flatMap { rows[$0] }
        .map { [$0.elementType, $0.layout == "dense" ? "" : $0.layout, $0.shape].filter { !$0.isEmpty }.joined(separator: " ") }
      let step = steps[layer.name].flatMap { counted.insert($0).inserted ? inspection.steps[$0] : nil }
      return (
        layer.name,
        Side(
          operatorName: layer.node.operatorName.description, weights: weights ?? "",
          parameters: own.reduce(0) { $0 + $1.storage.shape.elementCount }, bytes: own.reduce(0) { $0 + $1.storage.byteCount },
          multiplyAdds: work[layer.name] ?? 0, kernel: step?.kernel, estimateNs: step?.estimateNs)
      )
    }
  }
}
