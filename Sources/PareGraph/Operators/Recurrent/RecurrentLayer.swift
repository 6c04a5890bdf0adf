import PareTensor

/// The types around a recurrent layer, from a node's inputs: those that it has to have are checked, the outputs follow.
struct RecurrentTypes {
  let elementType: ElementType
  private let steps: Dimension
  private let batch: Dimension
  private let hidden: Int
  private let directions: Int
  private let isBatchFirst: Bool
  private let traceWidth: Int

  /// - Throws: `graph.shape`, `graph.element-type` and `graph.attribute` where inputs and attributes do not meet.
  init<Cell: RecurrentCell>(_ context: InferenceContext, _: Cell.Type) throws {
    let node = context.node
    let x = try context.floatingPointInput(RecurrentInput.x)
    guard x.rank == 3 else {
      throw GraphError("shape", node: node, expected: "X with three axes", found: "\(x)")
    }
    elementType = x.elementType
    isBatchFirst = try node.isBatchFirst
    (steps, batch) = isBatchFirst ? (x.dimensions[1], x.dimensions[0]) : (x.dimensions[0], x.dimensions[1])
    directions = try node.recurrentDirections.count
    _ = try RecurrentActivation.activations(of: node, directions: directions, standard: Cell.standardActivations)
    _ = try node.gateLimit

    let r = try context.input(RecurrentInput.r)
    guard r.rank == 3, let hidden = r.dimensions[2].fixedValue,
      let rows = Shape.checkedElementCount([2 * Cell.gateCount, hidden]),
      let traceWidth = Shape.checkedElementCount([try Cell.traceCount(of: node), hidden])
    else {
      throw GraphError("shape", node: node, expected: "R [directions, gates · hidden, hidden] of fixed extents", found: "\(r)")
    }
    self.hidden = hidden
    self.traceWidth = traceWidth
    guard try node.int("hidden_size", default: hidden) == hidden else {
      throw GraphError("attribute", node: node, expected: "hidden_size to be R's, \(hidden)", found: "\(try node.int("hidden_size", default: hidden))")
    }
    let d = Dimension.fixed(directions)
    var expected: [(input: Int, type: ValueType)] = [
      (RecurrentInput.w, ValueType(elementType, [d, .fixed(rows / 2), x.dimensions[2]])),
      (RecurrentInput.r, ValueType(elementType, [d, .fixed(rows / 2), .fixed(hidden)])),
      (RecurrentInput.b, ValueType(elementType, [d, .fixed(rows)])),
      (RecurrentInput.lengths, ValueType(.int32, [batch])),
    ]
    for input in RecurrentInput.initialStates.prefix(Cell.stateCount) { expected.append((input, state)) }
    if Cell.inputNames.count > RecurrentInput.peepholes {
      guard let count = Shape.checkedElementCount([3, hidden]) else {
        throw GraphError("shape", node: node, expected: "extents that fit in memory", found: "\(r)")
      }
      expected.append((RecurrentInput.peepholes, ValueType(elementType, [d, .fixed(count)])))
    }
    for (input, type) in expected where input < RecurrentInput.b || context.has(input) {
      let found = try context.input(input)
      guard found == type else {
        throw GraphError("shape", node: node, expected: "\(Cell.inputNames[input]) \(type)", found: "\(found)")
      }
    }
  }

  /// Y: the hidden state after every step.
  var sequence: ValueType {
    let (d, h) = (Dimension.fixed(directions), Dimension.fixed(hidden))
    return ValueType(elementType, isBatchFirst ? [batch, steps, d, h] : [steps, d, batch, h])
  }

  /// A state of every sequence.
  var state: ValueType {
    let (d, h) = (Dimension.fixed(directions), Dimension.fixed(hidden))
    return ValueType(elementType, isBatchFirst ? [batch, d, h] : [d, batch, h])
  }

  var trace: ValueType { ValueType(elementType, [.fixed(directions), steps, batch, .fixed(traceWidth)]) }
}

/// A recurrent layer of known extents: where each step of each sequence lies in its arrays.
package struct RecurrentLayer: Sendable {
  package let steps: Int
  package let batch: Int
  package let features: Int
  package let hidden: Int
  /// For each direction whether it runs from the last step to the first.
  package let directions: [Bool]
  package let isBatchFirst: Bool
  package let hasLengths: Bool
  private let node: Node

  package init(_ context: PreparationContext) throws {
    node = context.node
    let (x, r) = (try context.input(RecurrentInput.x).shape, try context.input(RecurrentInput.r).shape)
    isBatchFirst = try node.isBatchFirst
    (steps, batch) = isBatchFirst ? (x[1], x[0]) : (x[0], x[1])
    features = x[2]
    hidden = r[2]
    directions = try node.recurrentDirections
    hasLengths = context.has(RecurrentInput.lengths)
  }

  /// Elements from one sequence to the next, and the first element, at one step: of X, and of Y in one direction.
  package func inputRows(at step: Int) -> (offset: Int, stride: Int) {
    isBatchFirst ? (step * features, steps * features) : (step * batch * features, features)
  }

  package func outputRows(_ direction: Int, at step: Int) -> (offset: Int, stride: Int) {
    let row = directions.count * hidden
    return isBatchFirst
      ? (step * row + direction * hidden, steps * row)
      : ((step * directions.count + direction) * batch * hidden, hidden)
  }

  /// The same of an initial or last state.
  package func stateRows(_ direction: Int) -> (offset: Int, stride: Int) {
    isBatchFirst ? (direction * hidden, directions.count * hidden) : (direction * batch * hidden, hidden)
  }

  /// The same of the trace, of which a sequence has `width` elements a step.
  package func traceRows(_ direction: Int, at step: Int, width: Int) -> (offset: Int, stride: Int) {
    ((direction * steps + step) * batch * width, width)
  }

  /// The sequence lengths; nil where all have every step.
  ///
  /// - Throws: `graph.length` for one that is negative or beyond X.
  package func lengths(_ buffers: EvaluationBuffers) throws -> UnsafePointer<Int32>? {
    guard hasLengths else { return nil }
    let lengths = buffers.input(RecurrentInput.lengths, as: Int32.self)
    for row in 0..<batch where lengths[row] < 0 || Int(lengths[row]) > steps {
      throw GraphError(
        "length", node: node, expected: "sequence lengths in 0 ... \(steps)", found: "\(lengths[row]) at position \(row)")
    }
    return lengths
  }
}

extension Node {
  /// For each direction of a recurrent layer whether it runs from the last step to the first.
  var recurrentDirections: [Bool] {
    get throws(GraphError) {
      switch try string("direction", default: "forward") {
      case "forward": return [false]
      case "reverse": return [true]
      case "bidirectional": return [false, true]
      case let other:
        throw GraphError(
          "attribute", node: self, expected: "direction to be forward, reverse or bidirectional", found: "'\(other)'")
      }
    }
  }

  fileprivate var isBatchFirst: Bool {
    get throws(GraphError) {
      let layout = try int("layout", default: 0)
      guard layout == 0 || layout == 1 else {
        throw GraphError("attribute", node: self, expected: "layout to be 0 or 1", found: "\(layout)")
      }
      return layout == 1
    }
  }

  /// What the arguments of a recurrent layer's gates are clipped to.
  var gateLimit: Double {
    get throws(GraphError) {
      guard attributes["clip"] != nil else { return .infinity }
      let limit = try float("clip", default: .infinity)
      guard limit > 0 else {
        throw GraphError("attribute", node: self, expected: "clip to be positive", found: "\(limit)")
      }
      return limit
    }
  }
}
