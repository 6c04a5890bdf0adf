import PareGraph
import PareTensor
import PareTraining

/// A graph whose selected products multiply signs: as it is trained, and with `pare.BinaryDense` afterwards.
///
/// A layer `x Wᵀ + b` becomes `sgn(x) sgn(W)ᵀ · α + b` with `α = mean |W|` of each output. Signs throw sizes away, so what
/// they are taken of is normalized by a BatchNormalization, and so is what a layer yields; afterwards these are part of the
/// layers. A function before a layer of signs (Relu, Tanh, …) is left out: the sign is one itself, and that of a Relu's
/// output is always 1.
///
/// - Source: Rastegari et al. 2016, arXiv:1603.05279, §3.2; Hubara et al. 2016, arXiv:1602.02830.
package struct BinaryForm {
  /// What is trained.
  package private(set) var graph: Graph
  /// Why a selected layer stays as it is, by its name.
  private var reasons: [String: String] = [:]
  private let real: Graph
  private let selected: [LinearLayer]
  private var layers: [Layer] = []
  private var names: NameScope
  private let types: [String: ValueType]
  /// The normalizations, in the order of evaluation.
  private var normalizations: [Node] = []
  /// By the value that signs are taken of: the signs.
  private var signs: [String: String] = [:]

  private struct Layer {
    let node: Node
    /// What its signs are taken of.
    let source: String
    let weight: String
    let normalization: Node
  }

  /// What stands before signs and may go: functions that a sign replaces, and what only trains.
  private static let replaced: Set<OperatorName> = [
    "Relu", "LeakyRelu", "Tanh", "Sigmoid", "Gelu", "Elu", "Swish", "HardSwish", "HardSigmoid", "Softplus", "Mish", "Dropout",
    "Identity",
  ]

  /// - Parameter rows: the training part, whose means and variances the normalizations start with.
  /// - Throws: `CompressionError` `compression.no-layers` where no selected layer can have signs,
  ///   `compression.non-finite-value` for weights or values that are no numbers.
  package init(_ real: Graph, layers selected: [LinearLayer], rows: TrainingData) throws {
    self.real = real
    self.selected = selected
    graph = real
    graph.nodes = []
    names = NameScope(real)
    types = try real.inferredTypes()
    var binary: [String: LinearLayer] = [:]
    for layer in selected {
      _ = try real.weights(of: layer)
      reasons[layer.name] = try reasonAgainst(layer)
      if reasons[layer.name] == nil { binary[layer.name] = layer }
    }
    guard !binary.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(real.name)'", expected: "a selected layer whose weights can be signs",
        found: reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; "))
    }
    for node in real.nodes {
      if let layer = binary[node.name] { add(layer, among: binary) } else { graph.nodes.append(node) }
    }
    graph = graph.pruned()
    _ = try graph.inferredTypes()
    try measure(rows)
  }

  private func reasonAgainst(_ layer: LinearLayer) throws -> String? {
    if types[layer.input]?.rank != 2 { return "its input has more than two axes" }
    if real.consumers(of: layer.weight).count > 1 { return "its weights are shared" }
    if real.parameters[layer.weight]?.storage.trainingMask != nil { return "it has weights that stay zero" }
    if try layer.node.float("alpha", default: 1) != 1 || layer.node.float("beta", default: 1) != 1 { return "it has factors" }
    if let bias = layer.bias, types[bias]?.dimensions != [.fixed(layer.outputCount)] { return "its bias is no row" }
    return nil
  }

  private mutating func add(_ layer: LinearLayer, among binary: [String: LinearLayer]) {
    let source = source(of: layer.input, among: binary)
    let x = signs(of: source, isNormalized: real.producer(of: source).map { binary[$0.name] != nil } ?? false)
    let stored = real.parameters[layer.weight]?.storage.decoded() ?? Tensor(zeros: .float32, shape: layer.shape)
    let byOutput = layer.outputAxis == 0 ? stored : stored.turnedOver
    graph.parameters[layer.weight] = Parameter(
      ParameterStorage(byOutput), isTrainable: real.parameters[layer.weight]?.isTrainable ?? true)
    let axis = constant(Tensor([1] as [Int64]), "\(layer.name).axis")
    let w = apply(Binarize.name, [layer.weight], "\(layer.weight).signs")
    let magnitudes = apply("Abs", [layer.weight], "\(layer.weight).magnitudes")
    let alpha = apply("ReduceMean", [magnitudes, axis], "\(layer.weight).scale", ["keepdims": .int(0)])
    let sum = names.fresh("\(layer.name).sum")
    graph.nodes.append(Node("Gemm", name: layer.name, inputs: [x, w], outputs: [sum], attributes: ["transB": .int(1)]))
    var value = apply("Mul", [sum, alpha], "\(layer.name).scaled")
    if let bias = layer.bias { value = apply("Add", [value, bias], "\(layer.name).with_bias") }
    let normalization = normalize(value, into: layer.output, width: layer.outputCount)
    layers.append(Layer(node: layer.node, source: source, weight: layer.weight, normalization: normalization))
  }

  /// What the input of a layer is made of, before functions that nothing but layers of signs reads.
  private func source(of input: String, among binary: [String: LinearLayer]) -> String {
    var value = input
    while let node = real.producer(of: value), Self.replaced.contains(node.operatorName),
      !real.outputs.contains(where: { $0.name == value }),
      value != input || real.consumers(of: value).allSatisfy({ binary[$0.name] != nil }),
      value == input || real.consumers(of: value).count == 1
    {
      value = node.inputs[0]
    }
    return value
  }

  private mutating func signs(of source: String, isNormalized: Bool) -> String {
    if let known = signs[source] { return known }
    var value = source
    if !isNormalized, let width = types[source]?.dimensions.last?.fixedValue {
      value = names.fresh("\(source).normalized")
      _ = normalize(source, into: value, width: width)
    }
    let result = apply(Binarize.name, [value], "\(source).signs")
    signs[source] = result
    return result
  }

  private mutating func normalize(_ value: String, into output: String, width: Int) -> Node {
    let name = names.fresh("\(output).normalization")
    var inputs = [value]
    for (stem, number, isTrainable) in [("scale", 1, true), ("shift", 0, true), ("mean", 0, false), ("variance", 1, false)]
      as [(String, Float, Bool)]
    {
      let parameter = names.fresh("\(name).\(stem)")
      graph.parameters[parameter] = Parameter(
        ParameterStorage(Tensor([Float](repeating: number, count: width))), isTrainable: isTrainable)
      inputs.append(parameter)
    }
    let node = Node(BatchNormalization.name, name: name, inputs: inputs, outputs: [output])
    graph.nodes.append(node)
    normalizations.append(node)
    return node
  }

  /// Lets normalizations start with the means and variances of the training part, one after the other, since each changes
  /// what comes behind it.
  private mutating func measure(_ rows: TrainingData) throws {
    for node in normalizations {
      var moments = ChannelMoments()
      try RowEvaluation.forEachChunk(of: rows, through: graph, values: [node.inputs[0]]) { chunk, _ in
        if let tensor = chunk[node.inputs[0]] { moments.add(tensor.doubles, channels: tensor.shape[1]) }
      }
      guard moments.areFinite else {
        throw CompressionError(
          "non-finite-value", subject: "value '\(node.inputs[0])'", expected: "finite activations on the training part",
          found: "one that is not")
      }
      graph.parameters[node.inputs[3]]?.storage = ParameterStorage(Tensor(moments.means.map { Float($0) }))
      graph.parameters[node.inputs[4]]?.storage = ParameterStorage(Tensor(moments.variances.map { Float($0) }))
    }
  }

  private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = names.fresh(stem)
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }

  private mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ stem: String, _ attributes: [String: Attribute] = [:]
  ) -> String {
    let name = names.fresh(stem)
    graph.nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: [name], attributes: attributes))
    return name
  }
}

// MARK: - After training

extension BinaryForm: QuantizedForm {
  /// Signs have no scales to learn: their factors follow from the weights.
  package var logarithms: [String] { [] }

  /// The graph with `pare.BinaryDense` for the layers of signs, their normalizations taken in.
  package func deployed(_ trained: Graph) throws -> Graph {
    var result = trained
    func values(_ name: String) -> Tensor? { trained.parameters[name]?.storage.decoded() }
    for layer in layers {
      guard let weights = values(layer.weight), let index = result.nodes.firstIndex(where: { $0.name == layer.node.name }),
        let affine = try BatchNormalization.affine(layer.normalization, values)
      else { continue }
      let numbers = weights.doubles
      let (outputs, inputs) = (weights.shape[0], weights.shape[1])
      let bias = layer.node.input(2).flatMap(values)?.doubles ?? [Double](repeating: 0, count: outputs)
      let scale = (0..<outputs).map { output in
        let alpha = numbers[output * inputs..<(output + 1) * inputs].reduce(0) { $0 + $1.magnitude } / Double(inputs)
        return Float(alpha * affine.factor[output])
      }
      let shift = (0..<outputs).map { Float((bias[$0] - affine.mean[$0]) * affine.factor[$0] + affine.shift[$0]) }
      let signs = Tensor(numbers.map { Float($0 >= 0 ? 1 : -1) }, shape: weights.shape)
      guard let storage = ParameterStorage(signsOf: signs), (scale + shift).allSatisfy(\.isFinite) else {
        throw CompressionError(
          "non-finite-value", subject: "layer '\(layer.node.name)'", expected: "finite scales and biases after training",
          found: "one that is not")
      }
      result.parameters[layer.weight] = Parameter(storage, isTrainable: false)
      var scope = NameScope(result)
      func add(_ tensor: Tensor, _ stem: String) -> String {
        let name = scope.fresh(stem)
        result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
        return name
      }
      // The signs' own input: BinaryDense takes signs of numbers itself.
      let x = trained.producer(of: result.nodes[index].inputs[0])?.inputs[0] ?? layer.source
      result.nodes[index] = Node(
        BinaryDense.name, name: layer.node.name,
        inputs: [x, layer.weight, add(Tensor(scale), "\(layer.node.name).scale"), add(Tensor(shift), "\(layer.node.name).shift")],
        outputs: layer.normalization.outputs)
      result.nodes.removeAll { $0.name == layer.normalization.name }
    }
    let pruned = try result.pruned().foldingTrainedBatchNormalization()
    _ = try pruned.inferredTypes()
    return pruned
  }

  func reports(of graph: Graph, manner: String) -> [LayerReport] {
    selected.map { layer in
      if let reason = reasons[layer.name] { return LayerReport(layer: layer.name, outcome: "left in Float32: \(reason)") }
      let bytes = graph.parameters[layer.weight]?.storage.byteCount ?? 0
      return LayerReport(
        layer: layer.name, outcome: "\(manner) as signs, with a factor for each output", figures: ["bytes": Double(bytes)])
    }
  }
}

/// Mean and variance of each channel of rows `[rows, channels]`.
private struct ChannelMoments {
  private var count = 0.0
  private var sums: [Double] = []
  private var squares: [Double] = []

  mutating func add(_ values: [Double], channels: Int) {
    if sums.isEmpty { (sums, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)) }
    for (index, value) in values.enumerated() {
      sums[index % channels] += value
      squares[index % channels] += value * value
    }
    count += Double(values.count / max(channels, 1))
  }

  var means: [Double] { sums.map { $0 / count } }
  var variances: [Double] { zip(squares, means).map { max($0 / count - $1 * $1, 0) } }
  var areFinite: Bool { squares.allSatisfy(\.isFinite) }
}
