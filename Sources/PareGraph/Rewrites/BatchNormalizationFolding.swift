import PareTensor

extension BatchNormalization {
  /// A channel's numbers with fixed mean and variance, in Float64: `y = (x − mean) · factor + shift`.
  package struct Affine: Sendable {
    package let mean: [Double]
    package let factor: [Double]
    package let shift: [Double]
  }

  /// - Parameter constant: the value of an input by name, where it is constant.
  /// - Returns: nil in training mode, or where an input is computed.
  package static func affine(_ node: Node, _ constant: (String) -> Tensor?) throws -> Affine? {
    guard try !isTraining(node), let scale = constant(node.inputs[1]), let shift = constant(node.inputs[2]),
      let mean = constant(node.inputs[3]), let variance = constant(node.inputs[4])
    else { return nil }
    let epsilon = try epsilon(node)
    let factor = zip(scale.doubles, variance.doubles).map { $0 / ($1 + epsilon).squareRoot() }
    return Affine(mean: mean.doubles, factor: factor, shift: shift.doubles)
  }
}

extension Graph {
  /// The graph without a BatchNormalization of fixed mean and variance behind a Conv, Gemm or MatMul of constant Float32
  /// weights: the layer has its weights times the channel's factor, and a bias.
  ///
  /// The layer must be used by nothing else and be no output. Weights and bias are multiplied in Float64 and rounded once.
  ///
  /// Bound: where `f` is the factor and `K` the terms of the layer's sum, the folded layer differs from the two nodes in
  /// exact arithmetic by at most `u · (Σ |f w x| + |f (b − mean) + shift|)`, u = 2⁻²⁴, and rounds as a layer does.
  package func foldingBatchNormalization() throws -> Graph { try foldingBatchNormalization { _ in true } }

  /// The same for some layers.
  ///
  /// - Parameter isWanted: whether a layer may take one in.
  package func foldingBatchNormalization(into isWanted: (Node) -> Bool) throws -> Graph {
    guard nodes.contains(where: { $0.operatorName == BatchNormalization.name }) else { return self }
    var result = self
    let kept = Set(outputs.map(\.name))
    for node in nodes where node.operatorName == BatchNormalization.name && node.outputs.count == 1 {
      guard !kept.contains(node.inputs[0]), result.consumers(of: node.inputs[0]).count == 1,
        let layer = result.producer(of: node.inputs[0]), isWanted(layer), let folded = try result.fold(node, into: layer)
      else { continue }
      result = folded
    }
    return result.pruned()
  }

  private func fold(_ normalization: Node, into layer: Node) throws -> Graph? {
    func constant(_ name: String) -> Tensor? { parameters[name]?.storage.decoded() }
    guard let affine = try BatchNormalization.affine(normalization, constant),
      layer.operatorName == "Conv" || layer.operatorName == "Gemm" || layer.operatorName == "MatMul",
      let weight = layer.input(1).flatMap(constant), weight.elementType == .float32,
      affine.factor.allSatisfy(\.isFinite)
    else { return nil }
    let channels = affine.factor.count
    // Elements of the weights between neighbours of a channel, and how many follow each other.
    let stride: Int
    switch layer.operatorName {
    case "Conv": stride = channels == weight.shape[0] ? weight.elementCount / max(channels, 1) : 0
    case "Gemm":
      guard try layer.float("alpha", default: 1) == 1, try layer.float("beta", default: 1) == 1,
        try layer.int("transA", default: 0) == 0, weight.shape.rank == 2
      else { return nil }
      stride = try layer.int("transB", default: 0) != 0 ? weight.shape[1] : 1
    default:
      guard weight.shape.rank == 2 else { return nil }
      stride = 1
    }
    guard stride > 0, channels > 0, weight.elementCount > 0 else { return nil }
    var bias = [Double](repeating: 0, count: channels)
    if let name = layer.input(2) {
      guard let given = constant(name), given.elementType == .float32, given.elementCount == channels else { return nil }
      bias = given.doubles
    }
    let values = weight.doubles.enumerated().map { Float($1 * affine.factor[$0 / stride % channels]) }
    let shifts = (0..<channels).map { Float((bias[$0] - affine.mean[$0]) * affine.factor[$0] + affine.shift[$0]) }
    guard values.allSatisfy(\.isFinite), shifts.allSatisfy(\.isFinite) else { return nil }

    var result = self
    var folded = layer
    func add(_ tensor: Tensor, _ stem: String) -> String {
      var name = stem
      while result.parameters[name] != nil || result.producer(of: name) != nil
        || result.inputs.contains(where: { $0.name == name })
      {
        name += "_"
      }
      result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
      return name
    }
    folded.inputs[1] = add(Tensor(values, shape: weight.shape), "\(layer.name).folded_weight")
    let shift = add(Tensor(shifts), "\(layer.name).folded_bias")
    folded.outputs = normalization.outputs
    var replacement = [folded]
    if layer.operatorName == "MatMul" {
      // A sum takes the bias that MatMul has no room for.
      let product = "\(layer.outputs[0]).unnormalized"
      folded.outputs = [product]
      replacement = [
        folded, Node("Add", name: normalization.name, inputs: [product, shift], outputs: normalization.outputs),
      ]
    } else {
      folded.inputs = [folded.inputs[0], folded.inputs[1], shift]
      replacement = [folded]
    }
    result.nodes = result.nodes.flatMap { node in
      node.name == layer.name ? replacement : node.name == normalization.name ? [] : [node]
    }
    return result
  }
}
