import PareTensor

/// A sum of products along named axes, as `bij,bjk->bik`: every operand's axes have a letter each, letters that the
/// result lacks are summed over, a letter twice in one operand is its diagonal, and `...` stands for axes that broadcast.
///
/// Source: ONNX Einsum.
public enum Einsum: NumericOperator {
  public static let name: OperatorName = "Einsum"
  public static let inputCount = 1...Int.max
  public static let attributeNames = ["equation"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let first = try context.numericInput(0)
    let types = try context.node.inputs.indices.map { try context.input($0) }
    guard types.allSatisfy({ $0.elementType == first.elementType }) else {
      throw GraphError("element-type", node: context.node, expected: "one element type", found: "\(types)")
    }
    let equation = try EinsumEquation(context.node, ranks: types.map(\.rank))
    return [ValueType(first.elementType, try equation.resultDimensions(types.map(\.dimensions), node: context.node))]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shapes = try context.node.inputs.indices.map { try context.input($0).shape }
    let loops = try EinsumEquation(context.node, ranks: shapes.map(\.rank)).loops(shapes)
    return { buffers in
      let y = buffers.output(as: Element.self)
      loops.forEachResult { result, offsets in
        var sum = Element.zero
        loops.forEachTerm(offsets) { offsets in
          var product = buffers.input(0, as: Element.self)[offsets[0]]
          for operand in 1..<max(offsets.count, 1) {
            product = .product(product, buffers.input(operand, as: Element.self)[offsets[operand]])
          }
          sum = .sum(sum, product)
        }
        y[result] = sum
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient, try context.type(of: dy).elementType.isFloatingPoint else { return context.noGradients }
    let node = context.node
    return try node.inputs.indices.map { index in
      try context.ifWanted(index) {
        try $0.apply(
          EinsumGradient.name, [dy] + node.inputs, node.attributes.merging(["operand": .int(index)]) { _, new in new })
      }
    }
  }
}

/// The gradient of Einsum by its operand number `operand`: dY times the other operands, added up where that operand's
/// elements were used. Inputs: dY, then those of Einsum.
public enum EinsumGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.EinsumGradient"
  public static let inputCount = 2...Int.max
  public static let attributeNames = ["equation", "operand"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let types = try context.node.inputs.indices.dropFirst().map { try context.floatingPointInput($0) }
    let operand = try context.node.int("operand", default: 0)
    guard types.indices.contains(operand) else {
      throw GraphError("attribute", node: context.node, expected: "operand in 0 ..< \(types.count)", found: "\(operand)")
    }
    let equation = try EinsumEquation(context.node, ranks: types.map(\.rank))
    let result = ValueType(types[0].elementType, try equation.resultDimensions(types.map(\.dimensions), node: context.node))
    guard try context.input(0) == result else {
      throw GraphError("shape", node: context.node, expected: "dY of \(result)", found: "\(try context.input(0))")
    }
    return [types[operand]]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shapes = try context.node.inputs.indices.dropFirst().map { try context.input($0).shape }
    let loops = try EinsumEquation(context.node, ranks: shapes.map(\.rank)).loops(shapes)
    let operand = try context.node.int("operand", default: 0)
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      dx.update(repeating: 0, count: count)
      loops.forEachResult { result, offsets in
        loops.forEachTerm(offsets) { offsets in
          var product = dy[result]
          for other in 0..<offsets.count where other != operand {
            product *= buffers.input(other + 1, as: Scalar.self)[offsets[other]]
          }
          dx[offsets[operand]] += product
        }
      }
    }
  }
}

/// An equation with a label for every axis; those of `...` are negative, −1 the last of them.
struct EinsumEquation {
  let operands: [[Int]]
  let result: [Int]

  init(_ node: Node, ranks: [Int]) throws {
    let text = try node.string("equation", default: "")
    func failure(_ expected: String) -> GraphError {
      GraphError("attribute", node: node, expected: "an equation with \(expected)", found: "'\(text)'")
    }
    let compact = text.filter { $0 != " " }
    let sides = compact.split(separator: ">", omittingEmptySubsequences: false).map(String.init)
    guard sides.count <= 2, sides.count == 1 || sides[0].hasSuffix("-") else { throw failure("at most one '->'") }
    let left = sides.count == 2 ? String(sides[0].dropLast()) : compact
    let terms = left.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard terms.count == ranks.count else { throw failure("\(ranks.count) operands") }

    /// Labels of a term; the ellipsis stands for as many axes as `hidden` says of the named ones.
    func labels(_ term: String, _ hidden: (_ named: Int) throws -> Int) throws -> [Int] {
      let parts = term.splitAtEllipsis()
      guard parts.count <= 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isLetter } }) else {
        throw failure("letters and at most one '...' a term")
      }
      let named = parts.map { $0.unicodeScalars.map { Int($0.value) } }
      guard parts.count == 2 else { return named[0] }
      let count = try hidden(named[0].count + named[1].count)
      return named[0] + (0..<count).map { $0 - count } + named[1]
    }
    var widest = 0
    var operands: [[Int]] = []
    for (term, rank) in zip(terms, ranks) {
      let found = try labels(term) { named in
        guard rank >= named else { throw failure("no more letters than axes") }
        widest = max(widest, rank - named)
        return rank - named
      }
      guard found.count == rank else { throw failure("a letter for each of \(rank) axes in '\(term)'") }
      operands.append(found)
    }
    let all = operands.flatMap { $0 }
    if sides.count == 2 {
      result = try labels(sides[1]) { _ in widest }
    } else {
      let once = Set(all.filter { label in label >= 0 && all.count { $0 == label } == 1 }).sorted()
      result = (0..<widest).map { $0 - widest } + once
    }
    guard Set(result).count == result.count, result.allSatisfy(all.contains) else {
      throw failure("each letter of the result once, and in an operand")
    }
    self.operands = operands
  }

  func resultDimensions(_ types: [[Dimension]], node: Node) throws -> [Dimension] {
    var extents: [Int: Dimension] = [:]
    for (labels, dimensions) in zip(operands, types) {
      for (label, extent) in zip(labels, dimensions) {
        guard let known = extents[label], known != extent else {
          extents[label] = extent
          continue
        }
        if known == 1 {
          extents[label] = extent
        } else if extent != 1 {
          throw GraphError("shape", node: node, expected: "one extent for each letter", found: "\(types)")
        }
      }
    }
    return result.compactMap { extents[$0] }
  }

  func loops(_ shapes: [Shape]) -> EinsumLoops {
    var extents: [Int: Int] = [:]
    for (labels, shape) in zip(operands, shapes) {
      for (label, extent) in zip(labels, shape.dimensions) { extents[label] = max(extents[label] ?? 1, extent) }
    }
    for (labels, shape) in zip(operands, shapes) {
      for (label, extent) in zip(labels, shape.dimensions) where extent == 0 { extents[label] = 0 }
    }
    /// How far each operand moves for a step of a label.
    func steps(_ label: Int) -> [Int] {
      zip(operands, shapes).map { labels, shape in
        zip(labels, zip(shape.strides, shape.dimensions)).reduce(0) { $1.0 == label && $1.1.1 != 1 ? $0 + $1.1.0 : $0 }
      }
    }
    var seen = Set(result)
    let summed = operands.flatMap { $0 }.filter { seen.insert($0).inserted }
    return EinsumLoops(
      result: result.map { (extents[$0] ?? 1, steps($0)) }, summed: summed.map { (extents[$0] ?? 1, steps($0)) },
      operandCount: operands.count)
  }
}

/// The loops of an equation: over the result, and within it over what is summed.
struct EinsumLoops: @unchecked Sendable {  // The offsets are scratch of one evaluation, which is for one thread at a time.
  private let result: [(extent: Int, steps: [Int])]
  private let summed: [(extent: Int, steps: [Int])]
  private let scratch: Scratch

  init(result: [(extent: Int, steps: [Int])], summed: [(extent: Int, steps: [Int])], operandCount: Int) {
    self.result = result
    self.summed = summed
    scratch = Scratch(operandCount)
  }

  private final class Scratch {
    let outer: UnsafeMutableBufferPointer<Int>
    let inner: UnsafeMutableBufferPointer<Int>

    init(_ count: Int) {
      outer = .allocate(capacity: count)
      inner = .allocate(capacity: count)
      outer.initialize(repeating: 0)
      inner.initialize(repeating: 0)
    }

    deinit {
      outer.deallocate()
      inner.deallocate()
    }
  }

  /// Calls `body(place in the result, offsets of the operands)` in order.
  @inline(__always)
  func forEachResult(_ body: (Int, UnsafeMutableBufferPointer<Int>) -> Void) {
    let count = result.reduce(1) { $0 * $1.extent }
    for place in 0..<count {
      for operand in scratch.outer.indices { scratch.outer[operand] = 0 }
      var rest = place
      for (extent, steps) in result.reversed() {
        for operand in steps.indices { scratch.outer[operand] += rest % extent * steps[operand] }
        rest /= extent
      }
      body(place, scratch.outer)
    }
  }

  /// Calls `body(offsets of the operands)` for each term of a sum.
  @inline(__always)
  func forEachTerm(_ offsets: UnsafeMutableBufferPointer<Int>, _ body: (UnsafeMutableBufferPointer<Int>) -> Void) {
    let count = summed.reduce(1) { $0 * $1.extent }
    for term in 0..<count {
      for operand in offsets.indices { scratch.inner[operand] = offsets[operand] }
      var rest = term
      for (extent, steps) in summed.reversed() {
        for operand in steps.indices { scratch.inner[operand] += rest % extent * steps[operand] }
        rest /= extent
      }
      body(scratch.inner)
    }
  }
}

extension String {
  /// What stands before and after each `...`.
  fileprivate func splitAtEllipsis() -> [String] {
    var parts = [""]
    var rest = self[...]
    while let first = rest.first {
      if rest.hasPrefix("...") {
        parts.append("")
        rest = rest.dropFirst(3)
      } else {
        parts[parts.count - 1].append(first)
        rest = rest.dropFirst()
      }
    }
    return parts
  }
}
