import PareTensor

/// What `pare.QuantizedLSTM` and `pare.QuantizedGRU` have in common: types and the walk over steps.
protocol QuantizedRecurrentOperator: Operator {
  static var gateCount: Int { get }
  static var isLSTM: Bool { get }
  static func check(_ node: Node) throws
}

extension QuantizedRecurrentOperator {
  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (node, input) = (context.node, QuantizedRecurrentInput.self)
    try check(node)
    _ = try node.stateLevels
    let (x, r) = (try context.input(input.x), try context.input(input.r))
    guard x.elementType == .uint8, x.rank == 3 else {
      throw GraphError("shape", node: node, expected: "X uint8[steps, batch, features]", found: "\(x)")
    }
    guard r.rank == 3, let hidden = r.dimensions[2].fixedValue, hidden > 0,
      let rows = Shape.checkedElementCount([gateCount, hidden])
    else {
      throw GraphError("shape", node: node, expected: "R [directions, gates · hidden, hidden] of fixed extents", found: "\(r)")
    }
    let d = Dimension.fixed(try node.recurrentDirections.count)
    let perRow = ValueType(.int32, [d, .fixed(rows)])
    let state = [d, x.dimensions[1], .fixed(hidden)]
    var expected: [(Int, ValueType)] = [(input.zeroPoint, ValueType(.uint8, []))]
    let blockSize = try node.recurrentBlockSize
    for (weights, multiplier, columns) in [
      (input.w, input.inputBlockMultiplier, x.dimensions[2]), (input.r, input.stateBlockMultiplier, .fixed(hidden)),
    ] {
      let isBlocked = context.has(multiplier)
      expected.append((weights, ValueType(isBlocked ? .int4 : .int8, [d, .fixed(rows), columns])))
      if isBlocked {
        let blocks = columns.fixedValue.map { Dimension.fixed(($0 + blockSize - 1) / blockSize) } ?? columns
        expected.append((multiplier, ValueType(.uint8, [d, .fixed(rows), blocks])))
      }
    }
    expected += (input.inputBias...input.stateShift).map { ($0, perRow) }
    if context.has(input.initialState) { expected.append((input.initialState, ValueType(isLSTM ? .uint8 : .int16, state))) }
    if context.has(input.initialCell) { expected.append((input.initialCell, ValueType(.int16, state))) }
    for (index, type) in expected {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("input-type", node: node, expected: "input \(index) to be \(type)", found: "\(found)")
      }
    }
    let outputs = [
      ValueType(.uint8, [x.dimensions[0], d, x.dimensions[1], .fixed(hidden)]), ValueType(isLSTM ? .uint8 : .int16, state),
      ValueType(.int16, state),
    ]
    return Array(outputs.prefix(node.outputs.count))
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try QuantizedRecurrentLayer(context.node, isLSTM: isLSTM) { context.constant($0) }
    let walk = QuantizedRecurrentWalk(
      layer, x: try context.input(QuantizedRecurrentInput.x).shape, isLSTM: isLSTM,
      hasState: context.has(QuantizedRecurrentInput.initialState),
      hasCell: context.has(QuantizedRecurrentInput.initialCell), outputCount: context.outputs.count)
    return { walk.run($0) }
  }
}

/// The reference evaluation. Its memory is made when it is prepared; it is for one thread at a time.
private final class QuantizedRecurrentWalk: @unchecked Sendable {
  private let layer: QuantizedRecurrentLayer
  private let steps: Int
  private let batch: Int
  private let isLSTM: Bool
  private let hasState: Bool
  private let hasCell: Bool
  private let outputCount: Int
  private let h: UnsafeMutablePointer<UInt8>
  private let state: UnsafeMutablePointer<Int16>
  private let arguments: UnsafeMutablePointer<Int32>

  init(
    _ layer: QuantizedRecurrentLayer, x: Shape, isLSTM: Bool, hasState: Bool, hasCell: Bool, outputCount: Int
  ) {
    (self.layer, steps, batch, self.isLSTM) = (layer, x[0], x[1], isLSTM)
    (self.hasState, self.hasCell, self.outputCount) = (hasState, hasCell, outputCount)
    h = .allocate(capacity: layer.hidden)
    state = .allocate(capacity: layer.hidden)
    arguments = .allocate(capacity: 2 * layer.gateCount * layer.hidden)
    h.initialize(repeating: 0, count: layer.hidden)
    state.initialize(repeating: 0, count: layer.hidden)
    arguments.initialize(repeating: 0, count: 2 * layer.gateCount * layer.hidden)
  }

  deinit {
    h.deallocate()
    state.deallocate()
    arguments.deallocate()
  }

  func run(_ buffers: EvaluationBuffers) {
    let (n, count) = (layer.hidden, layer.directions.count)
    let x = buffers.input(QuantizedRecurrentInput.x, as: UInt8.self)
    let y = buffers.output(0, as: UInt8.self)
    for (index, direction) in layer.directions.enumerated() {
      for row in 0..<batch {
        let offset = (index * batch + row) * n
        begin(buffers, offset)
        for position in 0..<steps {
          let step = direction.isReversed ? steps - 1 - position : position
          advance(direction, x + (step * batch + row) * layer.features)
          (y + ((step * count + index) * batch + row) * n).update(from: h, count: n)
        }
        if outputCount > 1 {
          if isLSTM {
            (buffers.output(1, as: UInt8.self) + offset).update(from: h, count: n)
          } else {
            (buffers.output(1, as: Int16.self) + offset).update(from: state, count: n)
          }
        }
        if outputCount > 2 { (buffers.output(2, as: Int16.self) + offset).update(from: state, count: n) }
      }
    }
  }

  private func begin(_ buffers: EvaluationBuffers, _ offset: Int) {
    let n = layer.hidden
    h.update(repeating: QuantizedRecurrentLayer.stateZeroPoint, count: n)
    state.update(repeating: 0, count: n)
    if isLSTM {
      if hasState { h.update(from: buffers.input(QuantizedRecurrentInput.initialState) + offset, count: n) }
      if hasCell { state.update(from: buffers.input(QuantizedRecurrentInput.initialCell) + offset, count: n) }
    } else if hasState {
      state.update(from: buffers.input(QuantizedRecurrentInput.initialState) + offset, count: n)
      for unit in 0..<n { h[unit] = GateArithmetic.byte(Int32(state[unit]), levels: Int32(layer.stateLevels)) }
    }
  }

  private func advance(_ direction: QuantizedRecurrentLayer.Direction, _ x: UnsafePointer<UInt8>) {
    let rows = layer.gateCount * layer.hidden
    for gate in 0..<rows { arguments[gate] = direction.input.argument(gate, x) }
    for gate in 0..<direction.recurrent.rowCount {
      arguments[rows + gate] = direction.recurrent.argument(gate, UnsafePointer(h))
    }
    if let products = direction.reset { reset(products, arguments, arguments + rows) }
    switch layer.kind {
    case .lstm(let cellBits): lstm(arguments, arguments + rows, cellBits)
    case .gru: gru(arguments, arguments + rows, isReset: direction.reset != nil)
    }
  }

  private func lstm(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>, _ cellBits: Int) {
    typealias Gate = GateArithmetic
    let n = layer.hidden
    for u in 0..<n {
      func argument(_ gate: Int) -> Int32 { Gate.saturated(a[gate * n + u] + b[gate * n + u]) }
      let (i, o, f) = (Gate.sigmoid(argument(0)), Gate.sigmoid(argument(1)), Gate.sigmoid(argument(2)))
      let q = Gate.hyperbolicTangent(argument(3), bits: Gate.argumentBits)
      let added = Gate.product(Gate.product(i, q), 1 << Int32(cellBits))
      let c = Gate.saturated(Gate.product(f, Int32(state[u])) + added)
      state[u] = Int16(c)
      h[u] = Gate.byte(Gate.product(o, Gate.hyperbolicTangent(c, bits: cellBits)), levels: Int32(layer.stateLevels))
    }
  }

  /// The arguments of n by the state, which is reset before: h is written again after it.
  private func reset(_ products: GateProducts, _ a: UnsafePointer<Int32>, _ b: UnsafeMutablePointer<Int32>) {
    typealias Gate = GateArithmetic
    let n = layer.hidden
    for u in 0..<n {
      let r = Gate.sigmoid(Gate.saturated(a[n + u] + b[n + u]))
      h[u] = Gate.byte(Gate.product(r, Int32(state[u])), levels: Int32(layer.stateLevels))
    }
    for u in 0..<n { b[2 * n + u] = products.argument(u, UnsafePointer(h)) }
  }

  private func gru(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>, isReset: Bool) {
    typealias Gate = GateArithmetic
    let n = layer.hidden
    for u in 0..<n {
      let z = Gate.sigmoid(Gate.saturated(a[u] + b[u]))
      let r = Gate.sigmoid(Gate.saturated(a[n + u] + b[n + u]))
      let argument = Gate.saturated(a[2 * n + u] + (isReset ? b[2 * n + u] : Gate.product(r, b[2 * n + u])))
      let value = Gate.hyperbolicTangent(argument, bits: Gate.argumentBits)
      let next = Gate.saturated(Gate.product(z, Int32(state[u])) + Gate.product(1 << 15 - z, value))
      state[u] = Int16(next)
      h[u] = Gate.byte(next, levels: Int32(layer.stateLevels))
    }
  }
}
