import PareTensor

/// What operators with NumPy's broadcasting share.
enum Broadcasting {
  /// The element stride of an operand along each axis of the result; 0 where it is repeated.
  static func strides(of operand: Shape, to result: Shape) -> [Int] {
    let own = operand.strides
    let offset = result.rank - operand.rank
    return (0..<result.rank).map { axis in
      axis < offset || operand[axis - offset] == 1 ? 0 : own[axis - offset]
    }
  }

  /// Sums a gradient over the axes along which `operand` was repeated, down to its shape.
  static func reduceGradient(_ gradient: String, to operand: String, in context: inout GradientContext) throws -> String {
    let target = try context.type(of: operand)
    let source = try context.type(of: gradient)
    guard target.dimensions != source.dimensions else { return gradient }
    let offset = source.rank - target.rank
    let repeated = (offset..<source.rank).filter {
      target.dimensions[$0 - offset] == 1 && source.dimensions[$0] != 1
    }
    var result = gradient
    if !repeated.isEmpty { result = try sum(result, over: repeated, keepsDimensions: true, in: &context) }
    if offset > 0 { result = try sum(result, over: Array(0..<offset), keepsDimensions: false, in: &context) }
    return result
  }

  /// `value` times a number.
  static func scaled(_ value: String, by factor: Double, in context: inout GradientContext) throws -> String {
    try context.apply(Mul.name, [value, number(factor, like: value, in: &context)])
  }

  /// A scalar constant of the floating-point type of `value`.
  static func number(_ number: Double, like value: String, in context: inout GradientContext) throws -> String {
    let type = try context.type(of: value).elementType
    let scalar: Tensor
    switch type {
    case .float64: scalar = Tensor(scalar: number)
    case .float16, .bfloat16:
      scalar = withUnsafeBytes(of: type.bits(of: Float(number))) { Tensor(elementType: type, shape: [], bytes: $0) }
    default: scalar = Tensor(scalar: Float(number))
    }
    return try context.builder.constant(scalar)
  }

  private static func sum(
    _ value: String, over axes: [Int], keepsDimensions: Bool, in context: inout GradientContext
  ) throws -> String {
    let axes = try context.builder.constant(Tensor(axes.map(Int64.init)), named: "axes")
    return try context.apply(ReduceSum.name, [value, axes], ["keepdims": .int(keepsDimensions ? 1 : 0)])
  }
}

/// Walks over a shape in order while keeping the offset of an operand with strides of its own, without allocating.
struct StridedLoop: Sendable {
  private let loop: BroadcastLoop

  init(_ shape: Shape, strides: [Int]) {
    loop = BroadcastLoop(shape, left: strides, right: strides)
  }

  /// Calls `body(position, offset)` for each element in order.
  @inline(__always)
  func forEach(_ body: (Int, Int) -> Void) {
    loop.forEach { position, offset, _ in body(position, offset) }
  }
}

/// Walks over a shape in order while keeping the offsets of two broadcast operands, without allocating.
struct BroadcastLoop: Sendable {
  private let extents: [Int]
  private let left: [Int]
  private let right: [Int]
  private let count: Int

  init(left: Shape, right: Shape, result: Shape) {
    self.init(
      result, left: Broadcasting.strides(of: left, to: result), right: Broadcasting.strides(of: right, to: result))
  }

  /// For the first two inputs and the first output of a node.
  init(_ context: PreparationContext) throws {
    self.init(
      left: try context.input(0).shape, right: try context.input(1).shape, result: context.outputs[0].shape)
  }

  /// Merges neighbouring axes that both operands walk alike, so that most cases are one or two loops.
  init(_ shape: Shape, left: [Int], right: [Int]) {
    var extents: [Int] = []
    var mergedLeft: [Int] = []
    var mergedRight: [Int] = []
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let extent = shape[axis]
      if let last = extents.indices.last, mergedLeft[last] == left[axis] * extent, mergedRight[last] == right[axis] * extent {
        extents[last] *= extent
        mergedLeft[last] = left[axis]
        mergedRight[last] = right[axis]
      } else {
        extents.append(extent)
        mergedLeft.append(left[axis])
        mergedRight.append(right[axis])
      }
    }
    if extents.isEmpty { (extents, mergedLeft, mergedRight) = ([1], [0], [0]) }
    self.extents = extents
    self.left = mergedLeft
    self.right = mergedRight
    count = shape.elementCount
  }

  /// Calls `body(result, left, right)` with element offsets for each element of the result in order.
  @inline(__always)
  func forEach(_ body: (Int, Int, Int) -> Void) {
    guard count > 0 else { return }
    let inner = extents.count - 1
    let (extent, leftStep, rightStep) = (extents[inner], left[inner], right[inner])
    for row in 0..<count / extent {
      var rest = row
      var (a, b) = (0, 0)
      for axis in stride(from: inner - 1, through: 0, by: -1) {
        let index = rest % extents[axis]
        rest /= extents[axis]
        a += index * left[axis]
        b += index * right[axis]
      }
      for index in 0..<extent { body(row * extent + index, a + index * leftStep, b + index * rightStep) }
    }
  }
}
