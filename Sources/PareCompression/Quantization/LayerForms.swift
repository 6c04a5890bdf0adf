import PareGraph

/// What becomes of one weight tensor, as decided before anything is computed.
struct LayerForm {
  enum Kind {
    /// A Gemm, MatMul or Conv in this scheme.
    case product(ProductLayer)
    /// Another weight that is stored in other numbers and multiplied in Float32: a recurrent layer's.
    case stored(WeightTensor)
    /// A recurrent layer all in integers.
    case recurrent(Node)
    /// Nothing, for this reason.
    case float(String)
  }

  let tensor: WeightTensor
  var kind: Kind
  /// The scheme that is used, which a layer may not support as it was asked for.
  var scheme: QuantizationScheme
  /// Why it is another than was asked for.
  var note: String?
}

/// Decides for each selected weight of a graph what becomes of it.
struct LayerForms {
  let technique: Quantization
  let graph: Graph
  private let rank: (String) -> Int

  init(_ technique: Quantization, _ graph: Graph) throws {
    self.technique = technique
    self.graph = graph
    let types = try graph.inferredTypes()
    rank = { types[$0]?.rank ?? 0 }
  }

  /// In the order of evaluation.
  ///
  /// - Throws: `CompressionError` `compression.no-layers` as selectors do, `compression.shared-weight` where layers that share
  ///   a weight ask for different forms of it.
  func all() throws -> [LayerForm] {
    let overrides = try technique.overrides.map { override in
      (labels: Set(try selected(override.layers).map(\.label)), scheme: override.scheme)
    }
    let forms = try technique.layers.weights(of: graph).map { tensor in
      form(of: tensor, overrides.last { $0.labels.contains(tensor.label) }?.scheme ?? technique.scheme)
    }
    for form in forms {
      guard let first = forms.first(where: { $0.tensor.weight == form.tensor.weight }), first.scheme != form.scheme else {
        continue
      }
      throw CompressionError(
        "shared-weight", subject: "weight '\(form.tensor.weight)'", expected: "one scheme in all layers that share it",
        found: "another in '\(form.tensor.name)' than in '\(first.tensor.name)'")
    }
    return forms
  }

  /// A name that is not there is a mistake; an operator that a model does not have is not.
  private func selected(_ layers: LayerSelector) throws -> [WeightTensor] {
    if case .operators(let types) = layers {
      return graph.weightTensors.filter { types.contains($0.node.operatorName.description) }
    }
    return try layers.weights(of: graph)
  }

  private func form(of tensor: WeightTensor, _ scheme: QuantizationScheme) -> LayerForm {
    func float(_ reason: String) -> LayerForm { LayerForm(tensor: tensor, kind: .float(reason), scheme: scheme) }
    if scheme.precision == .float32 { return float("as asked") }
    guard let product = ProductLayer(tensor.node, in: graph) else { return other(tensor, scheme) }
    if scheme.precision == .binary, scheme.mode == .static {
      if product.isConvolution { return float("signs have integer products in dense layers alone") }
      if rank(product.input) != 2 { return float("signs have integer products with rows of one axis alone") }
      if !hasUnitFactors(product.node) { return float("a Gemm with alpha or beta has no form with signs") }
    }
    var form = LayerForm(tensor: tensor, kind: .product(product), scheme: scheme)
    if scheme.weights.granularity.groupSize != nil, product.isConvolution {
      // Blocks of DequantizeLinear run along one axis.
      form.note = "one scale a filter: its window has several axes"
      form.scheme.weights.granularity = .perChannel
    }
    return form
  }

  /// A weight of a recurrent layer or a transposed convolution.
  private func other(_ tensor: WeightTensor, _ scheme: QuantizationScheme) -> LayerForm {
    func form(_ kind: LayerForm.Kind) -> LayerForm { LayerForm(tensor: tensor, kind: kind, scheme: scheme) }
    let type = tensor.node.operatorName
    if scheme.mode == .static {
      guard type == "LSTM" || type == "GRU" else { return form(.float("\(type) has no integer form")) }
      guard technique.recurrent == .integers else { return form(.float("recurrent layers were not asked for")) }
      guard scheme.recurrentWeights != nil else {
        return form(.float("recurrent layers have an integer form with int8, and with int4 in groups, alone"))
      }
      guard RecurrentQuantization.applies(to: tensor.node, in: graph) else {
        return form(.float("\(type) has no integer form with these attributes and inputs"))
      }
      return form(.recurrent(tensor.node))
    }
    if scheme.mode == .dynamic { return form(.float("\(type) has no form with a range of its own for each input")) }
    if type == "ConvTranspose", scheme.precision.integerBits != nil || scheme.precision == .ternary || scheme.precision == .binary {
      return form(.float("the filters of ConvTranspose do not come first"))
    }
    return form(.stored(tensor))
  }

  private func hasUnitFactors(_ node: Node) -> Bool {
    ((try? node.float("alpha", default: 1)) ?? 0) == 1 && ((try? node.float("beta", default: 1)) ?? 0) == 1
  }
}

extension QuantizationScheme {
  /// How an integer recurrent layer holds its weights; nil where it has no such form.
  var recurrentWeights: RecurrentWeights? {
    switch precision {
    case .int8: .int8
    case .int4: weights.granularity.groupSize.map { .int4(blockSize: $0) }
    default: nil
    }
  }
}

extension Graph {
  /// What multiplies or adds numbers that are no selected weights, and why it stays in Float32.
  func floatReports() -> [LayerReport] {
    nodes.compactMap { node in
      let reason: String
      switch node.operatorName {
      case "Attention": reason = "its products are of two activations, and softmax between them has no integer form"
      case "MatMul", "Einsum":
        guard node.inputs.allSatisfy({ parameters[$0] == nil && producer(of: $0)?.operatorName != "DequantizeLinear" }),
          node.inputs.allSatisfy({ !isMadeOfConstants($0) })
        else { return nil }
        reason = "a product of two activations"
      case "LayerNormalization", "RMSNormalization", "GroupNormalization", "InstanceNormalization", "BatchNormalization":
        reason = "it divides by a root of the values at hand, a pass over few numbers"
      case "Gather":
        guard let table = parameters[node.inputs[0]]?.storage, table.elementType == .float32, table.shape.rank == 2 else {
          return nil
        }
        reason = "a row of a table is copied, nothing is multiplied"
      default: return nil
      }
      return LayerReport(layer: node.name, outcome: "left in Float32: \(reason)")
    }
  }

  private func isMadeOfConstants(_ value: String) -> Bool {
    guard let producer = producer(of: value) else { return parameters[value] != nil }
    return producer.inputs.allSatisfy { $0.isEmpty || parameters[$0] != nil }
  }
}
