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
    let axes = (0..<source.rank).filter {
      $0 < offset || (target.dimensions[$0 - offset] == 1 && source.dimensions[$0] != 1)
    }
    let leading = Array(0..<offset)
    var result = gradient
    let kept = axes.filter { $0 >= offset }
    if !kept.isEmpty { result = try sum(result, over: kept, keepsDimensions: true, in: &context) }
    if !leading.isEmpty { result = try sum(result, over: leading, keepsDimensions: false, in: &context) }
    return result
  }

  /// `value` times a number.
  static func scaled(_ value: String, by factor: Double, in context: inout GradientContext) throws -> String {
    let type = try context.type(of: value)
    let scalar = type.elementType == .float64 ? Tensor(scalar: factor) : Tensor(scalar: Float(factor))
    return try context.apply("Mul", [value, context.builder.constant(scalar)])
  }

  static func sum(
    _ value: String, over axes: [Int], keepsDimensions: Bool, in context: inout GradientContext
  ) throws -> String {
    let axesTensor = Tensor(axes.map(Int64.init))
    return try context.apply(
      "ReduceSum", [value, context.builder.constant(axesTensor, named: "axes")], ["keepdims": .int(keepsDimensions ? 1 : 0)])
  }
}

/// Walks an index over a shape while keeping the offsets of two broadcast operands, without allocating.
struct BroadcastLoop: Sendable {
  private let extents: [Int]
  private let left: [Int]
  private let right: [Int]
  private let count: Int

  /// Merges neighbouring axes that both operands walk alike, so that most cases are one or two loops.
  init(left: Shape, right: Shape, result: Shape) {
    let l = Broadcasting.strides(of: left, to: result)
    let r = Broadcasting.strides(of: right, to: result)
    var extents: [Int] = []
    var ls: [Int] = []
    var rs: [Int] = []
    for axis in (0..<result.rank) where result[axis] != 1 {
      if let last = extents.indices.last, ls[last] == l[axis] * result[axis], rs[last] == r[axis] * result[axis] {
        extents[last] *= result[axis]
        ls[last] = l[axis]
        rs[last] = r[axis]
      } else {
        extents.append(result[axis])
        ls.append(l[axis])
        rs.append(r[axis])
      }
    }
    if extents.isEmpty { (extents, ls, rs) = ([1], [0], [0]) }
    self.extents = extents
    self.left = ls
    self.right = rs
    count = result.elementCount
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
