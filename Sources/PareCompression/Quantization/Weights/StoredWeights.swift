import PareGraph
import PareTensor

/// Weights as numbers of another kind than integers, which are stored and multiplied as what they stand for.
struct StoredWeights {
  enum Form {
    /// In 16 bits, cast when they are read.
    case half(ElementType)
    /// A table and an index each; the parameter yields the numbers itself.
    case levels
    /// Signs, times their scales when they are read.
    case signs(SignWeights, perTensor: Bool)
  }

  let form: Form
  /// What is stored, row-major by output.
  private let values: [Float]
  /// What is multiplied.
  let decoded: [Double]

  /// - Parameter importance: of each weight's error, for learned levels.
  init(_ matrix: WeightMatrix, _ scheme: QuantizationScheme, importance: [Double]?) {
    let perTensor = scheme.weights.granularity == .perTensor
    switch scheme.precision {
    case .float16, .bfloat16:
      let type: ElementType = scheme.precision == .float16 ? .float16 : .bfloat16
      form = .half(type)
      // What is beyond the range of 16 bits becomes their greatest number, not infinity.
      let greatest = type == .float16 ? Float(65504) : BFloat16Bits.toFloat(0x7f7f)
      values = matrix.values.map { type.float(ofBits: type.bits(of: min(max($0, -greatest), greatest))) }
      decoded = values.map { Double($0) }
    case .ternary, .binary:
      let signs = scheme.precision == .ternary
        ? SignWeights(ternary: matrix, perTensor: perTensor) : SignWeights(binary: matrix, perTensor: perTensor)
      form = .signs(signs, perTensor: perTensor)
      values = signs.signs
      decoded = signs.decoded
    case .powersOfTwo(let bits):
      form = .levels
      values = UnevenLevels.powersOfTwo(matrix.values, bits: bits)
      decoded = values.map { Double($0) }
    case .kMeans(let bits), .learned(let bits):
      form = .levels
      if case .learned = scheme.precision {
        values = UnevenLevels.clustered(matrix.values, bits: bits, importance: importance)
      } else {
        values = UnevenLevels.clustered(matrix.values, bits: bits)
      }
      decoded = values.map { Double($0) }
    case .int8, .int4, .float32:
      form = .levels
      values = matrix.values
      decoded = values.map { Double($0) }
    }
  }

  /// Signs with a scale for each output.
  init(_ signs: SignWeights) {
    form = .signs(signs, perTensor: false)
    values = signs.signs
    decoded = signs.decoded
  }

  /// What a file holds, in the order of the graph.
  func storage(shape: Shape, order: IntegerOrder) -> ParameterStorage {
    let rows = order == .byInput ? shape[1] : shape[0]
    let ordered = order == .byInput ? values.transposed(rows: rows) : values
    switch form {
    case .half(let type):
      let bits = ordered.map { type.bits(of: $0) }
      return ParameterStorage.smallest(
        of: bits.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) })
    case .levels: return ParameterStorage.smallest(of: Tensor(ordered, shape: shape), sharing: true)
    case .signs:
      let tensor = Tensor(ordered, shape: shape)
      let layout: ParameterStorage.Layout = ordered.contains(0) ? .bitmask : .dense
      return ParameterStorage(signsOf: tensor, layout: layout) ?? ParameterStorage(tensor)
    }
  }

  /// What makes the numbers that are multiplied of those that are stored.
  func nodes(
    reading parameter: String, weight: String, shape: Shape, order: IntegerOrder, in rewrite: inout QuantizationRewrite
  ) -> [Node] {
    switch form {
    case .levels: return []
    case .half:
      let real = rewrite.names.fresh("\(weight).fp32")
      return [
        Node(
          "Cast", name: real, inputs: [parameter], outputs: [real],
          attributes: ["to": .int(ElementType.float32.onnxDataType)])
      ]
    case .signs(let signs, let perTensor):
      let real = rewrite.names.fresh("\(weight).scaled")
      let dimensions: [Int]
      switch order {
      case .byOutput: dimensions = [shape[0]] + shape.dimensions.dropFirst().map { _ in 1 }
      case .byInput: dimensions = [shape[1]]
      case .byDirection: dimensions = [shape[0], shape[1], 1]
      }
      let scale = rewrite.constant(Tensor(signs.scales, shape: perTensor ? [] : Shape(dimensions)), "\(weight).scale")
      return [Node("Mul", name: real, inputs: [parameter, scale], outputs: [real])]
    }
  }

  func report(layer: String, of matrix: WeightMatrix) -> LayerReport {
    let error = ErrorMeasure(of: decoded, against: matrix.values.map { Double($0) })
    switch form {
    case .half(let type): return LayerReport(layer: layer, outcome: "weights \(type.rawValue)", weightError: error)
    case .levels:
      let levels = Set(values.map(\.bitPattern)).count
      return LayerReport(
        layer: layer, outcome: "weights of \(levels) levels", weightError: error, figures: ["levels": Double(levels)])
    case .signs(let signs, _):
      let zeros = Double(signs.signs.count { $0 == 0 }) / Double(max(signs.signs.count, 1))
      return LayerReport(layer: layer, outcome: "weights of signs", weightError: error, figures: ["zeros": zeros])
    }
  }
}
