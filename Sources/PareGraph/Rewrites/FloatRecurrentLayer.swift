import PareTensor

/// A Float32 LSTM or GRU node with its constants, of the kind that has kernels and an integer form.
package struct FloatRecurrentLayer: Sendable {
  package let node: Node
  package let isLSTM: Bool
  /// `[directions, gates · hidden, features]`.
  package let w: Tensor
  /// `[directions, gates · hidden, hidden]`.
  package let r: Tensor
  private let b: Tensor?
  package var gateCount: Int { isLSTM ? 4 : 3 }

  /// - Throws: `graph.not-quantizable` for another kind of node.
  package init(_ node: Node, _ graph: Graph) throws {
    func refuse(_ found: String) -> GraphError {
      GraphError("not-quantizable", node: node, expected: "an LSTM or GRU with an integer form", found: found)
    }
    self.node = node
    isLSTM = node.operatorName == "LSTM"
    guard isLSTM || node.operatorName == "GRU" else { throw refuse("\(node.operatorName)") }
    let unknown: [String] = ["activations", "activation_alpha", "activation_beta", "clip"]
    let standard = isLSTM ? ["Sigmoid", "Tanh", "Tanh"] : ["Sigmoid", "Tanh"]
    if case .strings(let names)? = node.attributes["activations"] {
      guard names.enumerated().allSatisfy({ $1 == standard[$0 % standard.count] }) else { throw refuse("other activations") }
    }
    if let attribute = unknown.dropFirst().first(where: { node.attributes[$0] != nil }) { throw refuse(attribute) }
    guard try node.int("layout", default: 0) == 0 else { throw refuse("layout 1") }
    guard try node.int("input_forget", default: 0) == 0 else { throw refuse("input_forget") }
    guard try isLSTM || node.int("linear_before_reset", default: 0) == 1 else { throw refuse("linear_before_reset 0") }
    guard node.input(RecurrentInput.lengths) == nil else { throw refuse("sequence lengths") }
    guard !isLSTM || node.input(RecurrentInput.peepholes) == nil else { throw refuse("peepholes") }
    func parameter(_ index: Int) throws -> Tensor? {
      guard let name = node.input(index) else { return nil }
      guard let tensor = graph.parameters[name]?.storage.decoded(), tensor.elementType == .float32 else {
        throw refuse("'\(name)', which is no float32 parameter")
      }
      return tensor
    }
    guard let w = try parameter(RecurrentInput.w), let r = try parameter(RecurrentInput.r) else { throw refuse("no weights") }
    (self.w, self.r, b) = (w, r, try parameter(RecurrentInput.b))
  }

  struct Products {
    var bias: Tensor
    var multiplier: Tensor
    var shift: Tensor
  }

  struct Integers {
    var w: Tensor
    var r: Tensor
    var input: Products
    var state: Products
  }

  /// - Throws: `graph.quantization-scale` for an unusable scale.
  func integers(_ ranges: RecurrentRanges, inputScale: Float) throws -> Integers {
    let biases = summedBiases()
    let (w, input) = try products(
      self.w, scale: Double(inputScale), given: ranges.inputWeightScales, bias: biases.input)
    let (r, state) = try products(
      self.r, scale: 1 / Double(ranges.stateLevels), given: ranges.stateWeightScales, bias: biases.state)
    return Integers(w: w, r: r, input: input, state: state)
  }

  /// The biases by X take in those by h, but for a GRU's hidden gate, where they stand apart.
  package func summedBiases() -> (input: [Float], state: [Float]) {
    let (directions, rows) = (w.shape[0], w.shape[1])
    let values = b?.values(as: Float.self) ?? [Float](repeating: 0, count: 2 * directions * rows)
    var result = (input: [Float](), state: [Float]())
    for direction in 0..<directions {
      for row in 0..<rows {
        let (input, state) = (values[2 * direction * rows + row], values[(2 * direction + 1) * rows + row])
        let isApart = !isLSTM && row >= 2 * rows / 3
        result.input.append(isApart ? input : input + state)
        result.state.append(isApart ? state : 0)
      }
    }
    return result
  }

  private func products(
    _ weight: Tensor, scale: Double, given: [Float]?, bias: [Float]
  ) throws -> (weights: Tensor, products: Products) {
    let (rows, columns) = (weight.shape[0] * weight.shape[1], weight.shape[2])
    let values = weight.values(as: Float.self)
    guard given.map({ $0.count == rows }) ?? true else {
      throw GraphError("quantization-scale", node: node, expected: "\(rows) scales of weights", found: "\(given?.count ?? 0)")
    }
    var integers: [Int8] = []
    var (biases, multipliers, shifts): ([Int32], [Int32], [Int32]) = ([], [], [])
    for row in 0..<rows {
      let part = values[row * columns..<(row + 1) * columns]
      let greatest = part.reduce(Float(0)) { max($0, $1.magnitude) }
      // A bias of at most 2^22 units leaves accumulators room.
      let least = max(Float(Double(bias[row].magnitude) / (scale * 0x1p22)), .leastNormalMagnitude)
      let step = given?[row] ?? max(greatest / 127, least)
      let unit = scale * Double(step)
      guard step.isNormal, step > 0,
        let fixed = GateProducts.fixedPoint(unit * Double(1 << GateArithmetic.argumentBits)),
        let integer = Int32(exactly: (Double(bias[row]) / unit).rounded(.toNearestOrEven))
      else {
        throw GraphError(
          "quantization-scale", node: node, expected: "a usable scale and a bias that fits in Int32", found: "\(step) in row \(row)")
      }
      integers += part.map { Int8(min(max((Double($0) / Double(step)).rounded(.toNearestOrEven), -127), 127)) }
      biases.append(integer)
      multipliers.append(fixed.multiplier)
      shifts.append(fixed.shift)
    }
    let perRow = Shape([weight.shape[0], weight.shape[1]])
    return (
      Tensor(integers, shape: weight.shape),
      Products(
        bias: Tensor(biases, shape: perRow), multiplier: Tensor(multipliers, shape: perRow),
        shift: Tensor(shifts, shape: perRow))
    )
  }
}
