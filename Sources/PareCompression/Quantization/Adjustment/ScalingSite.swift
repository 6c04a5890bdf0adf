import PareGraph
import PareTensor

/// A value between layers whose channels may be divided by positive factors, if what makes it is divided and what reads it
/// multiplied by them: the network's function stays.
///
/// What lies between has to commute with positive factors: Relu, LeakyRelu, pooling, Flatten. Factors are powers of two, by
/// which floating-point numbers are multiplied exactly: where nothing becomes subnormal, the network's outputs keep their bits.
struct ScalingSite {
  enum Source {
    case layer(ProductLayer)
    /// LayerNormalization along the last axis.
    case normalization(Node)
  }

  /// What the layers read.
  let value: String
  let source: Source
  /// Parameters of one number a channel that are divided with the source: its bias.
  let rows: [String]
  /// All that reads the value.
  let readers: [ProductLayer]
  let channels: Int

  /// - Returns: nil where the value cannot be divided, because something else reads it, or what makes it has no constants of
  ///   its own for it.
  init?(of value: String, in graph: Graph) {
    let users = graph.consumers(of: value)
    let readers = users.compactMap { ProductLayer($0, in: graph) }
    guard !users.isEmpty, readers.count == users.count, !graph.isOutput(value),
      readers.allSatisfy({ reader in
        reader.isUngrouped && reader.node.inputs.dropFirst().allSatisfy { $0 != value } && graph.consumers(of: reader.weight).count == 1
      })
    else { return nil }
    self.value = value
    self.readers = readers

    var current = value
    var flattens = false
    var rows: [String] = []
    while true {
      guard let node = graph.producer(of: current), node.outputs.count == 1 || node.operatorName == "MaxPool",
        node.outputs[0] == current
      else { return nil }
      if let layer = ProductLayer(node, in: graph) {
        guard graph.consumers(of: layer.weight).count == 1 else { return nil }
        if let bias = layer.bias { rows.append(bias) }
        source = .layer(layer)
        channels = layer.outputCount
        guard Self.lines(up: layer, readers, flattens: flattens) else { return nil }
        break
      }
      if node.operatorName == "LayerNormalization", !flattens, let scale = graph.parameters[node.inputs[1]]?.storage,
        scale.shape.rank == 1, (try? node.int("axis", default: -1)) == -1, readers.allSatisfy({ !$0.isConvolution })
      {
        rows = rows + [node.inputs[1]] + (node.input(2).map { [$0] } ?? [])
        source = .normalization(node)
        channels = scale.shape.elementCount
        break
      }
      guard let next = Self.passes(node, in: graph, &rows, &flattens), graph.consumers(of: next).count == 1,
        !graph.isOutput(next)
      else { return nil }
      current = next
    }
    self.rows = rows
    guard readers.allSatisfy({ $0.inputCount % channels == 0 }),
      rows.allSatisfy({ name in
        graph.consumers(of: name).count == 1 && graph.parameters[name]?.storage.elementType == .float32
          && graph.parameters[name]?.storage.shape.elementCount == channels
      })
    else { return nil }
  }

  /// What a node that commutes with positive factors reads; nil for another.
  private static func passes(
    _ node: Node, in graph: Graph, _ rows: inout [String], _ flattens: inout Bool
  ) -> String? {
    switch node.operatorName {
    case "Relu", "LeakyRelu", "Identity", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool": return node.inputs[0]
    case "Flatten":
      guard (try? node.int("axis", default: 1)) == 1, !flattens else { return nil }
      flattens = true
      return node.inputs[0]
    case "Add":
      // The bias of a MatMul.
      guard let row = node.inputs.first(where: { graph.parameters[$0]?.storage.shape.rank == 1 }),
        let other = node.inputs.first(where: { $0 != row }), graph.producer(of: other)?.operatorName == "MatMul"
      else { return nil }
      rows.append(row)
      return other
    default: return nil
    }
  }

  /// Whether the source's channels lie where the readers' inputs do.
  private static func lines(up source: ProductLayer, _ readers: [ProductLayer], flattens: Bool) -> Bool {
    readers.allSatisfy { reader in
      flattens ? !reader.isConvolution : source.isConvolution == reader.isConvolution
    }
  }

  /// Which channel the input at a position of `count` belongs to: a convolution's channels hold windows or, flattened, positions;
  /// other channels come last.
  func channel(of input: Int, among count: Int) -> Int {
    if case .layer(let layer) = source, layer.isConvolution { return input / (count / channels) }
    return input % channels
  }

  /// The largest magnitude of each channel's weights in the readers.
  func readerRanges(in graph: Graph) throws -> [Double] {
    var ranges = [Double](repeating: 0, count: channels)
    for reader in readers {
      let matrix = reader.matrix(try graph.weights(of: reader))
      for (position, weight) in matrix.values.enumerated() {
        let channel = channel(of: position % matrix.columns, among: matrix.columns)
        ranges[channel] = max(ranges[channel], Double(weight.magnitude))
      }
    }
    return ranges
  }

  /// The nearest power of two, as an exponent; 0 where a factor is no positive number.
  static func exponent(of factor: Double) -> Int {
    guard factor.isFinite, factor > 0 else { return 0 }
    // √2 · 2^k is where the next power is as near.
    let exponent = Int(factor.exponent) + (factor.significand > 2.0.squareRoot() ? 1 : 0)
    return min(max(exponent, -40), 40)
  }

  /// Divides the value's channels by `2^exponents`.
  func apply(_ exponents: [Int], to graph: inout Graph) throws {
    func power(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }
    if case .layer(let layer) = source {
      let matrix = layer.matrix(try graph.weights(of: layer))
      let scaled = matrix.values.enumerated().map { $1 * power(-exponents[$0 / matrix.columns]) }
      graph.setWeights(layer.weight, layer.inGraphOrder(scaled))
    }
    for row in rows {
      let values = graph.parameters[row]?.storage.decoded().values(as: Float.self) ?? []
      graph.setWeights(row, values.enumerated().map { $1 * power(-exponents[$0]) })
    }
    for reader in readers {
      let matrix = reader.matrix(try graph.weights(of: reader))
      let scaled = matrix.values.enumerated().map { $1 * power(exponents[channel(of: $0 % matrix.columns, among: matrix.columns)]) }
      graph.setWeights(reader.weight, reader.inGraphOrder(scaled))
    }
  }
}

extension Graph {
  fileprivate func isOutput(_ value: String) -> Bool { outputs.contains { $0.name == value } }

  /// Other numbers in a parameter's shape, stored as those before were.
  fileprivate mutating func setWeights(_ name: String, _ values: [Float]) {
    guard let storage = parameters[name]?.storage else { return }
    let tensor = Tensor(values, shape: storage.shape)
    parameters[name]?.storage = storage.layout == .dense && !storage.isShared
      ? ParameterStorage(tensor) : .smallest(of: tensor, sharing: storage.isShared)
  }
}
