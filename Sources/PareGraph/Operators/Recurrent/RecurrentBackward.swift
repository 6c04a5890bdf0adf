import PareTensor

/// How the gradient of a recurrent layer is built: a node that reads what the layer's traced form keeps.
enum RecurrentGradients<Cell: RecurrentCell> {
  /// The traced form of a layer, with every output that it has.
  static func traced(_ node: Node, naming fresh: (String) -> String) -> Node {
    guard Cell.isTraced else { return node }
    var traced = node
    traced.operatorName = Cell.tracedName
    for index in node.outputs.count..<max(node.outputs.count, Cell.outputCount + 1) {
      let stem = index < Cell.outputCount ? "\(node.name).output\(index)" : "\(node.name).trace"
      traced.outputs.append(fresh(stem))
    }
    return traced
  }

  static func append(to context: inout GradientContext) throws -> [String?] {
    let node = context.node
    guard context.outputGradients.contains(where: { $0 != nil }) else { return context.noGradients }
    let directions = try node.string("direction", default: "forward") == "bidirectional" ? 2 : 1
    let activations = try RecurrentActivation.activations(
      of: node, directions: directions, standard: Cell.standardActivations)
    if let unknown = activations.joined().first(where: { !$0.isToldByItsValue }) {
      throw GraphError(
        "not-differentiable", node: node, expected: "activations whose value tells their slope",
        found: "\(unknown.function.rawValue) with alpha \(unknown.alpha)")
    }
    guard context.outputGradients.count <= Cell.outputCount || context.outputGradients[Cell.outputCount] == nil else {
      throw GraphError("not-differentiable", node: node, found: "a gradient by the trace")
    }
    let wanted = node.inputs.indices.filter { $0 != RecurrentInput.lengths && context.isWanted($0) }
    guard !wanted.isEmpty else { return context.noGradients }

    var source = node
    if Cell.isTraced, node.outputs.count <= Cell.outputCount {
      // Without a trace everything is computed once more. Differentiation sees to it that there is one.
      source.name = context.builder.freshNodeName("\(node.name).traced")
      source.outputs = []
      source = traced(source) { context.builder.freshValueName($0) }
      try context.builder.append(source)
    }
    var inputs = node.inputs + [String](repeating: "", count: Cell.inputNames.count - node.inputs.count)
    inputs += [source.outputs[0], Cell.isTraced ? source.outputs[Cell.outputCount] : ""]
    inputs += (0..<Cell.outputCount).map { $0 < context.outputGradients.count ? context.outputGradients[$0] ?? "" : "" }
    var attributes = node.attributes
    attributes["by"] = .strings(wanted.map { Cell.inputNames[$0] })
    let gradients = try context.applyAll(Cell.gradientName, inputs, attributes, outputCount: wanted.count)
    var result = context.noGradients
    for (input, gradient) in zip(wanted, gradients) { result[input] = gradient }
    return result
  }
}

/// The gradient of a recurrent layer by the inputs that the attribute `by` names, one output each.
///
/// Inputs: those of the layer in their places, an empty name for each that it lacks; then Y, the trace (an empty name
/// where there is none), and the gradients by Y and the last states, each of which may be an empty name.
protocol RecurrentGradientOperator: FloatingPointOperator {
  associatedtype Cell: RecurrentCell
}

extension RecurrentGradientOperator {
  public static var inputCount: ClosedRange<Int> {
    let count = Cell.inputNames.count + 2 + Cell.outputCount
    return count...count
  }
  public static var outputCount: ClosedRange<Int> { 1...Cell.inputNames.count }
  public static var attributeNames: [String] { Cell.attributeNames + ["by"] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let types = try RecurrentTypes(context, Cell.self)
    let first = Cell.inputNames.count
    var expected: [(Int, ValueType)] = [(first, types.sequence)]
    if Cell.isTraced { expected.append((first + 1, types.trace)) }
    for index in 0..<Cell.outputCount where context.has(first + 2 + index) {
      expected.append((first + 2 + index, index == 0 ? types.sequence : types.state))
    }
    for (input, type) in expected {
      let found = try context.input(input)
      guard found == type else {
        throw GraphError("shape", node: context.node, expected: "input \(input) to be \(type)", found: "\(found)")
      }
    }
    return try wanted(context.node).map { try context.input($0) }
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let backward = try RecurrentBackward<Cell, Scalar>(context, wanted: wanted(context.node))
    return { try backward.run($0) }
  }

  /// The inputs by which gradients are asked for.
  private static func wanted(_ node: Node) throws -> [Int] {
    guard case .strings(let names)? = node.attributes["by"] else {
      throw GraphError("attribute", node: node, expected: "attribute 'by' with names of inputs", found: "none")
    }
    let wanted = names.compactMap { Cell.inputNames.firstIndex(of: $0) }.filter { $0 != RecurrentInput.lengths }
    guard wanted.count == names.count, Set(wanted).count == names.count, names.count == node.outputs.count else {
      throw GraphError(
        "attribute", node: node, expected: "'by' to name a different input for each output",
        found: "\(names) for \(node.outputs.count)")
    }
    return wanted
  }
}

/// The reference: sequence by sequence, from the last step that it took to the first.
final class RecurrentBackward<Cell: RecurrentCell, Scalar: FloatingPointElement>: Sendable {
  private let layer: RecurrentLayer
  private let cells: [Cell]
  private let traceCount: Int
  private let hasInput: [Bool]
  private let scratch: RecurrentScratch<Scalar>
  /// For each input of the layer, which output holds the gradient by it, and how many elements that has.
  private let outputs: [Int?]
  private let counts: [Int]

  init(_ context: PreparationContext, wanted: [Int]) throws {
    layer = try RecurrentLayer(context)
    cells = try layer.cells(context.node)
    traceCount = try Cell.traceCount(of: context.node)
    hasInput = context.node.inputs.indices.map(context.has)
    outputs = (0...RecurrentInput.peepholes).map { wanted.firstIndex(of: $0) }
    counts = context.outputs.map(\.shape.elementCount)
    scratch = RecurrentScratch(layer.hidden, vectors: [Cell.gateCount, Cell.gateCount, 1, 1, 1])
  }

  func run(_ buffers: EvaluationBuffers) throws {
    let (hidden, features, gates) = (layer.hidden, layer.features, Cell.gateCount * layer.hidden)
    let first = Cell.inputNames.count
    let lengths = try layer.lengths(buffers)
    let x = buffers.input(RecurrentInput.x, as: Scalar.self)
    let y = buffers.input(first, as: Scalar.self)
    let trace = Cell.isTraced ? buffers.input(first + 1, as: Scalar.self) : y
    func given(_ input: Int) -> UnsafePointer<Scalar>? { hasInput[input] ? buffers.input(input) : nil }
    func gradient(by input: Int) -> UnsafeMutablePointer<Scalar>? { outputs[input].map { buffers.output($0) } }
    for (output, count) in counts.enumerated() {
      buffers.output(output, as: Scalar.self).update(repeating: 0, count: count)
    }
    let (byInput, byState, dh, dc, zeros) = (scratch[0], scratch[1], scratch[2], scratch[3], scratch[4])
    for (direction, isReversed) in layer.directions.enumerated() {
      let cell = cells[direction]
      let plain = cell.plainGateCount * hidden
      let parameters = layer.parameters(buffers, hasInput, direction, Cell.self, as: Scalar.self)
      let dw = gradient(by: RecurrentInput.w).map { $0 + direction * gates * features }
      let dr = gradient(by: RecurrentInput.r).map { $0 + direction * gates * hidden }
      let db = gradient(by: RecurrentInput.b).map { $0 + direction * 2 * gates }
      let dp = gradient(by: RecurrentInput.peepholes).map { $0 + direction * 3 * hidden }
      let stateRows = layer.stateRows(direction)
      for row in 0..<layer.batch {
        let stateOffset = stateRows.offset + row * stateRows.stride
        let length = lengths.map { Int($0[row]) } ?? layer.steps
        for index in 0..<Cell.stateCount {
          let state = scratch[2 + index]
          if length > 0, let last = given(first + 3 + index) {
            state.update(from: last + stateOffset, count: hidden)
          } else {
            state.update(repeating: 0, count: hidden)
          }
        }
        func outputOffset(_ step: Int) -> Int {
          let rows = layer.outputRows(direction, at: step)
          return rows.offset + row * rows.stride
        }
        func traceRow(_ step: Int) -> UnsafePointer<Scalar> {
          let rows = layer.traceRows(direction, at: step, width: traceCount * hidden)
          return trace + rows.offset + row * rows.stride
        }
        func initial(_ state: Int) -> UnsafePointer<Scalar> {
          guard state < Cell.stateCount, let given = given(RecurrentInput.initialStates[state]) else {
            return UnsafePointer(zeros)
          }
          return given + stateOffset
        }
        for index in (0..<length).reversed() {
          let step = isReversed ? length - 1 - index : index
          let before = isReversed ? step + 1 : step - 1
          if let dy = given(first + 2) {
            let dy = dy + outputOffset(step)
            for unit in 0..<hidden { dh[unit] += dy[unit] }
          }
          let h = index > 0 ? y + outputOffset(before) : initial(0)
          // Where there is a cell, it is the last vector of the trace.
          let c = Cell.stateCount < 2 || index == 0 ? initial(1) : traceRow(before) + (traceCount - 1) * hidden
          cell.gradient(
            RecurrentStepGradient(
              hidden: hidden, parameters: parameters, trace: traceRow(step), h: h, c: c, y: y + outputOffset(step), dh: dh,
              dc: dc, byInput: byInput, byState: byState, dr: dr, dp: dp))
          let inputRows = layer.inputRows(at: step)
          let inputOffset = inputRows.offset + row * inputRows.stride
          if let dx = gradient(by: RecurrentInput.x) {
            RecurrentProduct.multiplyTransposed(
              parameters.w, byInput, rows: gates, columns: features, addingTo: dx + inputOffset)
          }
          if let dw { RecurrentProduct.addOuter(byInput, x + inputOffset, rows: gates, columns: features, to: dw) }
          if let dr { RecurrentProduct.addOuter(byState, h, rows: plain, columns: hidden, to: dr) }
          if let db {
            for gate in 0..<gates {
              db[gate] += byInput[gate]
              db[gates + gate] += byState[gate]
            }
          }
          RecurrentProduct.multiplyTransposed(parameters.r, byState, rows: plain, columns: hidden, addingTo: dh)
        }
        for index in 0..<Cell.stateCount {
          gradient(by: RecurrentInput.initialStates[index])
            .map { ($0 + stateOffset).update(from: scratch[2 + index], count: hidden) }
        }
      }
    }
  }
}
