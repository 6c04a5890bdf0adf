import PareGraph
import PareTensor

/// Weights of four bits in groups of 32: `w ≈ S · m · q` with a scale S for each output and a whole number m for each group
/// (`docs/integer-arithmetic.md`, §13).
enum GroupedWeights {
  static let blockSize = 32
  static let largestInteger = 7.0

  /// Puts the int8 weights of products in that form, from the real weights. What has weights by input, as a MatMul of more
  /// than two axes has, keeps them as int8.
  ///
  /// - Parameters:
  ///   - layers: names of Gemm nodes.
  ///   - real: the graph that holds the layers' Float32 weights.
  static func grouping(_ graph: Graph, layers: Set<String>, real: Graph) throws -> Graph {
    var result = graph
    var names = NameScope(graph)
    var grouped: Set<String> = []
    for layer in graph.nodes where layers.contains(layer.name) && layer.operatorName == "Gemm" {
      guard let weights = QuantizedWeightTensor(ofLayer: layer.name, in: graph), weights.elementType == .int8,
        weights.multipliers == nil, !grouped.contains(weights.node.name), (try? layer.int("transB", default: 0)) == 1,
        let tensor = QuantizedWeightTensor.oriented(real, layer.name, like: weights),
        let index = result.nodes.firstIndex(where: { $0.name == weights.node.name })
      else { continue }
      grouped.insert(weights.node.name)
      let groups = Groups(tensor.values(as: Float.self), rows: tensor.shape[0], columns: tensor.shape[1])
      func add(_ tensor: Tensor, _ stem: String) -> String {
        let name = names.fresh(stem)
        result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
        return name
      }
      let integers = Tensor(groups.integers, shape: tensor.shape).asFourBits(.int4)
      result.parameters[weights.integers] = integers.map { Parameter(ParameterStorage($0), isTrainable: false) }
      result.parameters[weights.scale] = Parameter(ParameterStorage(Tensor(groups.rowScales)), isTrainable: false)
      let multipliers = add(
        Tensor(groups.multipliers, shape: [tensor.shape[0], groups.perRow]), "\(weights.integers).multipliers")
      let scales = names.fresh("\(weights.integers).scales")
      result.nodes[index] = Node(
        "DequantizeLinear", name: weights.node.name, inputs: [weights.integers, scales], outputs: weights.node.outputs,
        attributes: ["axis": .int(1), "block_size": .int(blockSize)])
      result.nodes.insert(
        Node(
          "DequantizeLinear", name: scales, inputs: [multipliers, weights.scale], outputs: [scales],
          attributes: ["axis": .int(0)]), at: index)
    }
    _ = try result.inferredTypes()
    return result
  }

  /// A matrix in groups. A group's scale is its greatest magnitude / 7, rounded up to a whole multiple of its row's, so that
  /// nothing saturates; a row's is that of its greatest group / 255.
  private struct Groups {
    let perRow: Int
    var rowScales: [Float] = []
    var multipliers: [UInt8] = []
    var integers: [Int8] = []

    init(_ weights: [Float], rows: Int, columns: Int) {
      perRow = (columns + blockSize - 1) / blockSize
      for row in 0..<rows {
        let groups = (0..<perRow).map { weights[row * columns + $0 * blockSize..<row * columns + min(($0 + 1) * blockSize, columns)] }
        let sizes = groups.map { Double($0.reduce(Float(0)) { max($0, $1.magnitude) }) / largestInteger }
        let scale = AffineMap.scale((sizes.max() ?? 0) / 255)
        rowScales.append(scale)
        for (group, size) in zip(groups, sizes) {
          let multiplier = min(max((size / Double(scale)).rounded(.up), 1), 255)
          multipliers.append(UInt8(multiplier))
          integers += group.map {
            Int8(min(max((Double($0) / (Double(scale) * multiplier)).rounded(.toNearestOrEven), -largestInteger), largestInteger))
          }
        }
      }
    }
  }
}
