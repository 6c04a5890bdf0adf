import PareTensor

/// The elements of a tensor that a reduction folds into one.
struct ReductionGroup<Element: NumericElement> {
  /// The first of them.
  let elements: UnsafePointer<Element>
  /// How far each lies from the first.
  let offsets: [Int]

  @inline(__always)
  func fold<Result>(_ start: Result, _ combine: (Result, Element) -> Result) -> Result {
    var gathered = start
    for offset in offsets { gathered = combine(gathered, elements[offset]) }
    return gathered
  }
}

extension ReductionGroup where Element: FloatingPointElement {
  var count: Element { Element(offsets.count) }
}

/// How a tensor falls into groups when some axes are folded; the groups are in the order of the result.
struct ReductionGroups: Sendable {
  /// Where each group starts.
  let starts: [Int]
  /// How far each element of a group lies from its first.
  let offsets: [Int]

  init(_ shape: Shape, axes: [Int]) {
    func positions(along axes: [Int]) -> [Int] {
      var positions: [Int] = []
      StridedLoop(Shape(axes.map { shape[$0] }), strides: axes.map { shape.strides[$0] }).forEach { positions.append($1) }
      return positions
    }
    starts = positions(along: (0..<shape.rank).filter { !axes.contains($0) })
    offsets = positions(along: axes)
  }
}

/// An operator that folds some axes of its input: `data`, and optionally the `axes` as a constant second input.
///
/// Axes that are not given mean all, or with `noop_with_empty_axes` none, so that every group is one element. Source:
/// ONNX Reduce*, opset 18 (ReduceSum: 13). On integers of every type of at least 8 bits; sums and products wrap around.
protocol ReductionOperator: FloatingPointOperator, IntegerOperator {
  /// The result for one group.
  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar

  /// The result for one group of integers.
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element

  /// Whether it is defined on truth values, false being less than true.
  static var reducesTruthValues: Bool { get }

  /// What the slopes of a group have in common, where that is more than its result.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar

  /// The derivative of the result by an element.
  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar
}

extension ReductionOperator {
  public static var inputCount: ClosedRange<Int> { 1...2 }
  public static var attributeNames: [String] { ["keepdims", "noop_with_empty_axes"] }

  static var reducesTruthValues: Bool { false }

  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar { 0 }

  /// The axes to fold, ascending, from 0; `constant` holds those of the input `index`.
  static func axes(_ node: Node, rank: Int, index: Int = 1, constant: Tensor?) throws -> [Int] {
    let given = try node.integers(index, constant, meaning: "axes") ?? []
    if given.isEmpty {
      return try node.int("noop_with_empty_axes", default: 0) != 0 ? [] : Array(0..<rank)
    }
    return try node.normalizedAxes(given, rank: rank)
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let data = try context.input(0)
    if data.elementType != .bool || !reducesTruthValues { _ = try context.numericInput(0) }
    let axes = try axes(context.node, rank: data.rank, constant: context.constant(1))
    let keeps = try context.node.int("keepdims", default: 1) != 0
    let dimensions: [Dimension] = data.dimensions.enumerated().compactMap { axis, dimension in
      axes.contains(axis) ? (keeps ? 1 : nil) : dimension
    }
    return [ValueType(data.elementType, dimensions)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let groups = ReductionGroups(
      shape, axes: try axes(context.node, rank: shape.rank, constant: context.constant(1)))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for (index, start) in groups.starts.enumerated() {
        y[index] = reduce(ReductionGroup(elements: x + start, offsets: groups.offsets))
      }
    }
  }

  static func integerEvaluation<Element: IntegerElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let groups = ReductionGroups(
      shape, axes: try axes(context.node, rank: shape.rank, constant: context.constant(1)))
    let yieldsTruth = context.outputs[0].elementType == .bool
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      for (index, start) in groups.starts.enumerated() {
        let result = reduceIntegers(ReductionGroup(elements: x + start, offsets: groups.offsets))
        // Over nothing a minimum is the largest number, which stands for true.
        y[index] = yieldsTruth && result != 0 ? 1 : result
      }
    }
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    // Truth values are bytes of 0 or 1.
    case .bool: try integerEvaluation(context, UInt8.self)
    default: try prepareIntegers(context)
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    let node = context.node
    guard let dy = context.outputGradient else { return context.noGradients }
    let inputs = [dy, node.inputs[0], node.outputs[0]] + node.inputs.dropFirst()
    let dx = try context.apply(ReductionGradient<Self>.name, inputs, node.attributes)
    return context.onlyByFirst(dx)
  }
}

/// The gradient of a reduction: `dX = dY · slope`, dY being repeated along the folded axes.
///
/// Inputs: dY, the reduction's data X, its result Y, and its axes if it has any; its attributes.
enum ReductionGradient<Reduction: ReductionOperator>: FloatingPointOperator {
  static var name: OperatorName { OperatorName(Reduction.name.type + "Gradient", domain: "pare") }
  static var inputCount: ClosedRange<Int> { 3...4 }
  static var attributeNames: [String] { Reduction.attributeNames }

  static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, y) = (try context.floatingPointInput(1), try context.equalInputs(0, 2))
    let axes = try Reduction.axes(context.node, rank: x.rank, index: 3, constant: context.constant(3))
    let kept = x.dimensions.indices.filter { !axes.contains($0) }.map { x.dimensions[$0] }
    guard x.elementType == y.elementType, y.dimensions.filter({ $0 != 1 }) == kept.filter({ $0 != 1 }) else {
      throw GraphError(
        "shape", node: context.node, expected: "the result of folding axes \(axes) of \(x)", found: "\(y)")
    }
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let groups = ReductionGroups(
      shape, axes: try Reduction.axes(context.node, rank: shape.rank, index: 3, constant: context.constant(3)))
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let x = buffers.input(1, as: Scalar.self)
      let y = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      for (index, start) in groups.starts.enumerated() {
        let group = ReductionGroup(elements: x + start, offsets: groups.offsets)
        let statistic = Reduction.statistic(group, result: y[index])
        for offset in groups.offsets {
          dx[start + offset] = dy[index] * Reduction.slope(x[start + offset], result: y[index], statistic: statistic)
        }
      }
    }
  }
}
