import PareTensor

/// Convolutions of int8 or uint8, less their zero points: what ConvInteger and QLinearConv share. Padding counts as the
/// zero point of x, and so for nothing. Sums are of 32 bits and wrap.
struct IntegerConvolution: Sendable {
  private let batch: Int
  private let groups: Int
  /// Of x, per group.
  private let channels: Int
  /// Of w, in all groups together.
  let filters: Int
  private let geometry: WindowGeometry
  private let pairs: WindowPairs

  /// - Parameters: positions of x and w among the node's inputs.
  init(_ context: PreparationContext, x: Int, w: Int) throws {
    let problem = try Conv.problem(context.node, x: try context.input(x).shape, w: try context.input(w).shape)
    (batch, groups, channels) = (problem.batch, problem.groups, problem.channels)
    filters = problem.groups * problem.filters
    geometry = problem.geometry
    pairs = WindowPairs(problem.geometry)
  }

  /// Calls `body(position, filter, sum)` for each element of the result in order.
  ///
  /// - Parameter zeroW: the zero point of a filter's weights.
  @inline(__always)
  func forEach<X: FixedWidthInteger & TensorElement, W: FixedWidthInteger & TensorElement>(
    _ x: UnsafePointer<X>, _ w: UnsafePointer<W>, zeroX: X, zeroW: (Int) -> W, _ body: (Int, Int, Int32) -> Void
  ) {
    let (plane, taps, room) = (geometry.outputCount, geometry.tapCount, geometry.inputCount)
    for sample in 0..<batch {
      for filter in 0..<filters {
        let first = (sample * groups + filter / (filters / groups)) * channels
        let zero = Int32(zeroW(filter))
        for output in 0..<plane {
          var sum: Int32 = 0
          for channel in 0..<channels {
            let values = x + (first + channel) * room
            let weights = w + (filter * channels + channel) * taps
            pairs.forEachTap(of: output) { input, tap in
              sum &+= (Int32(values[input]) - Int32(zeroX)) * (Int32(weights[tap]) - zero)
            }
          }
          body((sample * filters + filter) * plane + output, filter, sum)
        }
      }
    }
  }

  /// The extents of the result.
  ///
  /// - Throws: where a type is not of eight bits or the extents do not meet.
  static func dimensions(_ context: InferenceContext, x: Int, w: Int) throws -> [Dimension] {
    let types = try [x, w].map { try IntegerMatrixProduct.eightBits(context, $0) }
    // The extents are those of Conv, which knows one type alone.
    let wide = types.map { ValueType(.float32, $0.dimensions) }
    return try Conv.outputType(context.node, x: wide[0], w: wide[1]).dimensions
  }

  /// Checks that a scale or zero point is one, or one per filter where that is allowed.
  static func checkShape(_ context: InferenceContext, _ index: Int, filters: Dimension?) throws {
    guard context.has(index) else { return }
    let type = try context.input(index)
    guard type.isScalar || filters.map({ type.dimensions == [$0] }) ?? false else {
      throw GraphError(
        "shape", node: context.node, expected: filters.map { "input \(index) to be a scalar or one per filter: [\($0)]" } ?? "input \(index) to be a scalar",
        found: "\(type)")
    }
  }
}
