import PareTensor

/// A recurrent layer, or its traced form: what both have in common, given the cell.
protocol RecurrentOperator: FloatingPointOperator {
  associatedtype Cell: RecurrentCell
}

extension RecurrentOperator {
  public static var inputCount: ClosedRange<Int> { 3...Cell.inputNames.count }
  public static var weightInputs: Set<Int> {
    Set([RecurrentInput.w, RecurrentInput.r, RecurrentInput.b, RecurrentInput.peepholes].filter { $0 < Cell.inputNames.count })
  }
  public static var attributeNames: [String] { Cell.attributeNames }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let types = try RecurrentTypes(context, Cell.self)
    return [types.sequence] + (0..<Cell.stateCount).map { _ in types.state } + [types.trace]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let forward = try RecurrentForward<Cell, Scalar>(context)
    return { try forward.run($0) }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    try RecurrentGradients<Cell>.append(to: &context)
  }

  public static func differentiableForm(of node: Node, naming fresh: (String) -> String) throws -> Node {
    RecurrentGradients<Cell>.traced(node, naming: fresh)
  }
}

/// The reference: sequence by sequence, step by step.
///
/// Beyond a sequence's length Y and the trace are 0, and the last state of a sequence without steps is 0, as
/// onnxruntime has it; ONNX leaves it open.
final class RecurrentForward<Cell: RecurrentCell, Scalar: FloatingPointElement>: Sendable {
  private let layer: RecurrentLayer
  private let cells: [Cell]
  private let traceCount: Int
  private let traceOutput: Int?
  private let outputCount: Int
  private let hasInput: [Bool]
  private let scratch: RecurrentScratch<Scalar>

  init(_ context: PreparationContext) throws {
    layer = try RecurrentLayer(context)
    cells = try layer.cells(context.node)
    traceCount = try Cell.traceCount(of: context.node)
    outputCount = context.outputs.count
    traceOutput = outputCount > Cell.outputCount ? Cell.outputCount : nil
    hasInput = (0...RecurrentInput.peepholes).map(context.has)
    scratch = RecurrentScratch(layer.hidden, vectors: [Cell.gateCount, Cell.gateCount, 1, 1, 1, traceCount])
  }

  func run(_ buffers: EvaluationBuffers) throws {
    let (hidden, features) = (layer.hidden, layer.features)
    let lengths = try layer.lengths(buffers)
    let x = buffers.input(RecurrentInput.x, as: Scalar.self)
    let y = buffers.output(0, as: Scalar.self)
    let (byInput, byState, h, c, next) = (scratch[0], scratch[1], scratch[2], scratch[3], scratch[4])
    for (direction, isReversed) in layer.directions.enumerated() {
      let cell = cells[direction]
      let parameters = layer.parameters(buffers, hasInput, direction, Cell.self, as: Scalar.self)
      let stateRows = layer.stateRows(direction)
      for row in 0..<layer.batch {
        let stateOffset = stateRows.offset + row * stateRows.stride
        for index in 0..<Cell.stateCount {
          let state = scratch[2 + index]
          if hasInput[RecurrentInput.initialStates[index]] {
            state.update(from: buffers.input(RecurrentInput.initialStates[index]) + stateOffset, count: hidden)
          } else {
            state.update(repeating: 0, count: hidden)
          }
        }
        func outputRow(_ step: Int) -> UnsafeMutablePointer<Scalar> {
          let rows = layer.outputRows(direction, at: step)
          return y + rows.offset + row * rows.stride
        }
        func traceRow(_ step: Int) -> UnsafeMutablePointer<Scalar> {
          guard let traceOutput else { return scratch[5] }
          let rows = layer.traceRows(direction, at: step, width: traceCount * hidden)
          return buffers.output(traceOutput, as: Scalar.self) + rows.offset + row * rows.stride
        }
        let length = lengths.map { Int($0[row]) } ?? layer.steps
        for index in 0..<length {
          let step = isReversed ? length - 1 - index : index
          let inputRows = layer.inputRows(at: step)
          RecurrentProduct.multiply(
            parameters.w, x + inputRows.offset + row * inputRows.stride, plus: parameters.b, rows: Cell.gateCount * hidden,
            columns: features, into: byInput)
          RecurrentProduct.multiply(
            parameters.r, UnsafePointer(h), plus: parameters.b.map { $0 + Cell.gateCount * hidden },
            rows: cell.plainGateCount * hidden, columns: hidden, into: byState)
          cell.step(
            RecurrentStep(
              hidden: hidden, parameters: parameters, byInput: UnsafePointer(byInput), byState: byState,
              h: UnsafePointer(h), c: c, trace: traceRow(step), next: next))
          h.update(from: next, count: hidden)
          outputRow(step).update(from: h, count: hidden)
        }
        for step in length..<layer.steps {
          outputRow(step).update(repeating: 0, count: hidden)
          traceRow(step).update(repeating: 0, count: traceCount * hidden)
        }
        for index in 0..<Cell.stateCount where index + 1 < outputCount {
          let state = scratch[2 + index]
          let last = buffers.output(index + 1, as: Scalar.self) + stateOffset
          if length > 0 { last.update(from: state, count: hidden) } else { last.update(repeating: 0, count: hidden) }
        }
      }
    }
  }
}

/// Memory that a recurrent layer computes in, made when it is prepared: vectors of several times `hidden` elements. An
/// evaluation is for one thread at a time, as its evaluator is.
final class RecurrentScratch<Scalar: FloatingPointElement>: @unchecked Sendable {
  private let memory: UnsafeMutablePointer<Scalar>
  private var offsets: [Int] = []

  init(_ hidden: Int, vectors: [Int]) {
    var count = 0
    for vector in vectors {
      offsets.append(count)
      count += vector * hidden
    }
    memory = .allocate(capacity: max(count, 1))
    memory.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { memory.deallocate() }

  subscript(vector: Int) -> UnsafeMutablePointer<Scalar> { memory + offsets[vector] }
}

extension RecurrentLayer {
  func cells<Cell: RecurrentCell>(_ node: Node) throws -> [Cell] {
    let limit = try node.gateLimit
    return try RecurrentActivation.activations(
      of: node, directions: directions.count, standard: Cell.standardActivations
    ).map { try Cell(node, activations: $0, limit: limit) }
  }

  func parameters<Cell: RecurrentCell, Scalar: FloatingPointElement>(
    _ buffers: EvaluationBuffers, _ hasInput: [Bool], _ direction: Int, _: Cell.Type, as _: Scalar.Type
  ) -> RecurrentParameters<Scalar> {
    let rows = direction * Cell.gateCount * hidden
    return RecurrentParameters(
      w: buffers.input(RecurrentInput.w) + rows * features, r: buffers.input(RecurrentInput.r) + rows * hidden,
      b: hasInput[RecurrentInput.b] ? buffers.input(RecurrentInput.b) + 2 * rows : nil,
      p: Cell.inputNames.count > RecurrentInput.peepholes && hasInput[RecurrentInput.peepholes]
        ? buffers.input(RecurrentInput.peepholes) + direction * 3 * hidden : nil)
  }
}

/// Products of a matrix and a vector.
enum RecurrentProduct {
  /// `y = A·x + b`. Four rows at a time, since the additions of one wait for each other.
  static func multiply<Scalar: FloatingPointElement>(
    _ a: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, plus b: UnsafePointer<Scalar>?, rows: Int, columns: Int,
    into y: UnsafeMutablePointer<Scalar>
  ) {
    var row = 0
    while row + 4 <= rows {
      let a = a + row * columns
      var (s0, s1, s2, s3): (Scalar, Scalar, Scalar, Scalar) = (0, 0, 0, 0)
      for column in 0..<columns {
        let x = x[column]
        s0 += a[column] * x
        s1 += a[columns + column] * x
        s2 += a[2 * columns + column] * x
        s3 += a[3 * columns + column] * x
      }
      (y[row], y[row + 1], y[row + 2], y[row + 3]) = (s0, s1, s2, s3)
      row += 4
    }
    while row < rows {
      var sum: Scalar = 0
      for column in 0..<columns { sum += a[row * columns + column] * x[column] }
      y[row] = sum
      row += 1
    }
    if let b { for row in 0..<rows { y[row] += b[row] } }
  }

  /// `y += Aᵀ·x` for `A [rows, columns]`.
  static func multiplyTransposed<Scalar: FloatingPointElement>(
    _ a: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, rows: Int, columns: Int,
    addingTo y: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      let x = x[row]
      for column in 0..<columns { y[column] += a[row * columns + column] * x }
    }
  }

  /// `A += x·yᵀ` for `A [rows, columns]`.
  static func addOuter<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, rows: Int, columns: Int,
    to a: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      let x = x[row]
      for column in 0..<columns { a[row * columns + column] += x * y[column] }
    }
  }
}
