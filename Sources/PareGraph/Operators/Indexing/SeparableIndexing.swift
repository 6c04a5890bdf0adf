import PareTensor

/// A rearrangement that works along each axis by itself: where an element of the result comes from is a place along each
/// axis of the source, or nowhere (which gives a fill value).
struct SeparableIndexing: Sendable {
  /// Elements next to each other on both sides, along the last axis.
  private struct Run {
    let to: Int
    /// Negative where the source has nothing for them.
    let from: Int
    let count: Int
  }

  /// Per axis but the last, for each place in the result, the offset of its source; negative for none.
  private let outer: [[Int]]
  private let runs: [Run]
  private let lastExtent: Int
  private let rowCount: Int

  /// - Parameters:
  ///   - source: its extents, as many as `maps`.
  ///   - maps: per axis, the place in the source of each place in the result; −1 for none.
  init(source: Shape, maps: [[Int]]) {
    let strides = source.strides
    var maps = maps
    if maps.isEmpty { maps = [[0]] }
    let last = maps.removeLast()
    outer = maps.enumerated().map { axis, map in map.map { $0 < 0 ? -1 : $0 * strides[axis] } }
    var runs: [Run] = []
    for (to, from) in last.enumerated() {
      if let run = runs.last, from < 0 ? run.from < 0 : run.from >= 0 && run.from + run.count == from {
        runs[runs.count - 1] = Run(to: run.to, from: run.from, count: run.count + 1)
      } else {
        runs.append(Run(to: to, from: from, count: 1))
      }
    }
    self.runs = runs
    lastExtent = last.count
    rowCount = maps.reduce(1) { $0 * $1.count }
  }

  /// Calls `body(place in the result, offset in the source or −1, count)` for each run of neighbours, in order.
  @inline(__always)
  func forEachRun(_ body: (Int, Int, Int) -> Void) {
    for row in 0..<rowCount {
      var rest = row
      var offset = 0
      var exists = true
      for map in outer.reversed() {
        let from = map[rest % map.count]
        rest /= map.count
        if from < 0 { exists = false } else { offset += from }
      }
      for run in runs {
        body(row * lastExtent + run.to, exists && run.from >= 0 ? offset + run.from : -1, run.count)
      }
    }
  }
}

/// An operator whose output is its first input rearranged axis by axis; of any element type.
protocol SeparableOperator: Operator {
  /// The extents of the source as the maps see it, and per axis where each place of the result comes from.
  static func indexing(_ node: Node, source: Shape, result: Shape, constants: [Tensor?]) throws -> (source: Shape, maps: [[Int]])

  /// The input that holds the value for places that come from nowhere; nil for zeros.
  static var fillInput: Int? { get }
}

extension SeparableOperator {
  public static var evaluatesHalfPrecision: Bool { true }
  static var fillInput: Int? { nil }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let (type, result) = (try context.input(0), context.outputs[0])
    let (source, maps) = try indexing(context.node, source: type.shape, result: result.shape, constants: context.constants)
    let indexing = SeparableIndexing(source: source, maps: maps)
    let size = type.elementType.byteCount
    let fill = fillInput.flatMap { context.has($0) ? $0 : nil }
    return { buffers in
      let (x, y) = (buffers.rawInput(0), buffers.rawOutput(0))
      let value = fill.map { buffers.rawInput($0) }
      indexing.forEachRun { to, from, count in
        if from >= 0 {
          (y + to * size).copyMemory(from: x + from * size, byteCount: count * size)
        } else if let value {
          for index in to..<to + count { (y + index * size).copyMemory(from: value, byteCount: size) }
        } else {
          (y + to * size).initializeMemory(as: UInt8.self, repeating: 0, count: count * size)
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    guard try context.type(of: dy).elementType.isFloatingPoint else { return context.noGradients }
    let inputs = [dy] + context.node.inputs
    return context.onlyByFirst(try context.apply(SeparableGradient<Self>.name, inputs, context.node.attributes))
  }
}

/// Each element of dY added to where it came from. Inputs: dY, then those of the operator; attributes as the operator's.
enum SeparableGradient<Subject: SeparableOperator>: FloatingPointOperator {
  static var name: OperatorName { OperatorName(Subject.name.type + "Gradient", domain: "pare") }
  static var inputCount: ClosedRange<Int> { 2...Subject.inputCount.upperBound + 1 }
  static var attributeNames: [String] { Subject.attributeNames }

  static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.floatingPointInput(0)
    return [try context.floatingPointInput(1)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let (dy, x) = (try context.input(0).shape, try context.input(1).shape)
    var forward = context.node
    forward.inputs.removeFirst()
    let (source, maps) = try Subject.indexing(forward, source: x, result: dy, constants: Array(context.constants.dropFirst()))
    guard maps.reduce(1, { $0 * $1.count }) == dy.elementCount else {
      throw GraphError("shape", node: context.node, expected: "the gradient of an output", found: "\(dy)")
    }
    let indexing = SeparableIndexing(source: source, maps: maps)
    let count = x.elementCount
    return { buffers in
      let dx = buffers.output(as: Scalar.self)
      dx.update(repeating: 0, count: count)
      indexing.addSources(of: buffers.input(0, as: Scalar.self), into: dx)
    }
  }
}

extension SeparableIndexing {
  /// Each place of the result added to the one that it came from.
  // A subject's metatype keeps the compiler from specializing the caller, and a call a number is 20 times slower.
  @_specialize(where Scalar == Float)
  fileprivate func addSources<Scalar: FloatingPointElement>(of result: UnsafePointer<Scalar>, into source: UnsafeMutablePointer<Scalar>) {
    forEachRun { to, from, count in
      guard from >= 0 else { return }
      for index in 0..<count { source[from + index] += result[to + index] }
    }
  }
}

extension Node {
  /// The integers of a constant that gives structure; nil where the input is not given.
  ///
  /// - Throws: `graph.constant` where it is not known or not of integers.
  func structure(_ index: Int, _ constants: [Tensor?], meaning: String) throws -> [Int]? {
    guard let name = input(index) else { return nil }
    guard index < constants.count, let tensor = constants[index] else {
      throw GraphError("constant", node: self, expected: "\(meaning) as a constant", found: "'\(name)', which is known only when run")
    }
    switch tensor.elementType {
    case .int64: return tensor.values(as: Int64.self).map(Int.init)
    case .int32: return tensor.values(as: Int32.self).map(Int.init)
    default:
      throw GraphError("constant", node: self, expected: "\(meaning) as integers", found: "\(tensor.elementType.rawValue)\(tensor.shape)")
    }
  }
}
