import PareTensor

/// What layer and root-mean-square normalization share: from `axis` on (−1 by default) everything is one row, and each
/// row is brought to unit size by itself: `Y = (X − m) · r · Scale + B`, with m the row's mean or 0, and
/// `r = 1 / √(mean (X − m)² + epsilon)`.
///
/// Scale and B broadcast to X. Everything is computed in the type of Y, or in Float32 where that is half precision,
/// which is no less than `stash_type` asks for in ONNX's own functions.
protocol RowNormalization: FloatingPointOperator {
  /// Whether m is the mean.
  static var centers: Bool { get }
}

/// The statistics of each row: memory of one evaluation, which is for one thread at a time.
private final class RowStatistics<Scalar: FloatingPointElement>: @unchecked Sendable {
  let means: UnsafeMutablePointer<Scalar>
  let factors: UnsafeMutablePointer<Scalar>
  private let rows: Int
  private let columns: Int
  private let epsilon: Scalar
  private let centers: Bool

  init(_ shape: Shape, axis: Int, epsilon: Double, centers: Bool) {
    rows = shape.dimensions[..<axis].reduce(1, *)
    columns = shape.dimensions[axis...].reduce(1, *)
    self.epsilon = Scalar(epsilon)
    self.centers = centers
    means = .allocate(capacity: max(rows, 1))
    means.initialize(repeating: 0, count: max(rows, 1))
    factors = .allocate(capacity: max(rows, 1))
    factors.initialize(repeating: 0, count: max(rows, 1))
  }

  deinit {
    means.deallocate()
    factors.deallocate()
  }

  func gather(_ x: UnsafePointer<Scalar>) {
    for row in 0..<rows {
      let line = x + row * columns
      var sum: Scalar = 0
      if centers { for column in 0..<columns { sum += line[column] } }
      let mean = sum / Scalar(columns)
      var squares: Scalar = 0
      for column in 0..<columns { squares += (line[column] - mean) * (line[column] - mean) }
      means[row] = mean
      factors[row] = 1 / (squares / Scalar(columns) + epsilon).squareRoot()
    }
  }
}

extension RowNormalization {
  static func axis(_ node: Node, rank: Int) throws -> Int { try node.axis(default: -1, rank: rank) }

  /// The types of X and of what broadcasts to it, from input `first` on, and the axis.
  static func operands(_ context: InferenceContext, first: Int = 0, count: Int) throws -> (x: ValueType, axis: Int) {
    let node = context.node
    let x = try context.floatingPointInput(first)
    for index in first + 1..<first + 1 + count where context.has(index) {
      let operand = try context.floatingPointInput(index)
      // Scale may have a type of its own where both are computed in one.
      let widths = [x, operand].map { $0.elementType == .float64 }
      guard widths[0] == widths[1] else {
        throw GraphError("element-type", node: node, expected: "types of one precision", found: "\(x) and \(operand)")
      }
      guard ValueType.broadcast(operand.dimensions, x.dimensions) == x.dimensions else {
        throw GraphError("shape", node: node, expected: "scale and bias that broadcast to \(x)", found: "\(operand)")
      }
    }
    let epsilon = try node.float("epsilon", default: 1e-5)
    guard epsilon >= 0 else {
      throw GraphError("attribute", node: node, expected: "epsilon of at least 0", found: "\(epsilon)")
    }
    return (x, try axis(node, rank: x.rank))
  }

  /// The type that `stash_type` names.
  static func stashType(_ node: Node) throws -> ElementType {
    let number = try node.int("stash_type", default: 1)
    guard let type = ElementType(onnxDataType: number), type.isFloatingPoint else {
      throw GraphError("attribute", node: node, expected: "stash_type to name a floating-point type", found: "\(number)")
    }
    return type
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let axis = try axis(context.node, rank: shape.rank)
    let statistics = RowStatistics<Scalar>(
      shape, axis: axis, epsilon: try context.node.float("epsilon", default: 1e-5), centers: centers)
    let hasBias = context.has(2)
    let scaleStrides = Broadcasting.strides(of: try context.input(1).shape, to: shape)
    let biasStrides = hasBias ? Broadcasting.strides(of: try context.input(2).shape, to: shape) : scaleStrides
    let loop = BroadcastLoop(shape, left: scaleStrides, right: biasStrides)
    let columns = max(shape.dimensions[axis...].reduce(1, *), 1)
    let rows = shape.dimensions[..<axis].reduce(1, *)
    let stashed = context.outputs.dropFirst().map(\.elementType)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let scale = buffers.input(1, as: Scalar.self)
      let bias = hasBias ? buffers.input(2, as: Scalar.self) : nil
      let y = buffers.output(as: Scalar.self)
      statistics.gather(x)
      loop.forEach { position, s, b in
        let row = position / columns
        let normalized = (x[position] - statistics.means[row]) * statistics.factors[row]
        y[position] = normalized * scale[s] + (bias?[b] ?? 0)
      }
      for (index, type) in stashed.enumerated() {
        let values = index == 0 ? statistics.means : statistics.factors
        for row in 0..<rows {
          if type == .float64 {
            buffers.output(index + 1, as: Double.self)[row] = Double(values[row])
          } else {
            buffers.output(index + 1, as: Float.self)[row] = Float(values[row])
          }
        }
      }
    }
  }
}

/// The gradient of a normalization of rows. With `x̂ = (X − m) · r` and `G = dY ∘ Scale`:
/// `dX = r · (G − mean G − x̂ · mean (G ∘ x̂)) + dMean / n − dr · r² · x̂ / n`, without the terms of the mean where none is
/// subtracted; `dScale = Σ dY ∘ x̂` and `dB = Σ dY`, over what was repeated.
///
/// Inputs: dY, X, Scale, and for layer normalization B, dMean and the gradient by r, where they are given. Outputs: the
/// gradients by X and Scale, and by B where there is one.
enum RowNormalizationGradient<Normalization: RowNormalization>: FloatingPointOperator {
  static var name: OperatorName { OperatorName(Normalization.name.type + "Gradient", domain: "pare") }
  static var inputCount: ClosedRange<Int> { Normalization.centers ? 3...6 : 3...3 }
  static var outputCount: ClosedRange<Int> { Normalization.centers ? 2...3 : 2...2 }
  static var attributeNames: [String] { Normalization.attributeNames }

  /// The type of dX.
  static func scalarType(_ context: PreparationContext) throws -> ElementType { context.outputs[0].elementType }

  static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, axis) = try Normalization.operands(context, first: 1, count: 2)
    let scale = try context.input(2)
    for index in [0, 4, 5] where context.has(index) {
      let given = try context.floatingPointInput(index)
      let expected = index == 0 ? x.dimensions : x.dimensions[..<axis] + x.dimensions[axis...].map { _ in 1 }
      guard given.dimensions == expected else {
        throw GraphError("shape", node: context.node, expected: "a gradient of \(expected)", found: "\(given)")
      }
    }
    return [x, scale] + (context.has(3) ? [try context.input(3)] : [])
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(1).shape
    let axis = try Normalization.axis(context.node, rank: shape.rank)
    let centers = Normalization.centers
    let statistics = RowStatistics<Scalar>(
      shape, axis: axis, epsilon: try context.node.float("epsilon", default: 1e-5), centers: centers)
    let rows = shape.dimensions[..<axis].reduce(1, *)
    let columns = shape.dimensions[axis...].reduce(1, *)
    let hasBias = context.has(3)
    let scaleStrides = Broadcasting.strides(of: try context.input(2).shape, to: shape)
    let biasStrides = hasBias ? Broadcasting.strides(of: try context.input(3).shape, to: shape) : scaleStrides
    let loop = BroadcastLoop(shape, left: scaleStrides, right: biasStrides)
    let counts = context.outputs.map(\.shape.elementCount)
    let hasY = context.has(0)
    let stashed = (4...5).map { context.has($0) ? context.inputs[$0]?.elementType : nil }
    return { buffers in
      let x = buffers.input(1, as: Scalar.self)
      let scale = buffers.input(2, as: Scalar.self)
      for (output, count) in counts.enumerated() {
        buffers.output(output, as: Scalar.self).update(repeating: 0, count: count)
      }
      statistics.gather(x)
      let (dx, dScale) = (buffers.output(0, as: Scalar.self), buffers.output(1, as: Scalar.self))
      if hasY {
        let dy = buffers.input(0, as: Scalar.self)
        loop.forEach { position, s, b in
          let row = position / columns
          dx[position] = dy[position] * scale[s]
          dScale[s] += dy[position] * ((x[position] - statistics.means[row]) * statistics.factors[row])
          if hasBias { buffers.output(2, as: Scalar.self)[b] += dy[position] }
        }
      }
      /// The gradient that arrives for a statistic of a row.
      func arriving(_ index: Int, _ row: Int) -> Scalar {
        switch stashed[index] {
        case nil: 0
        case .float64: Scalar(buffers.input(4 + index, as: Double.self)[row])
        default: Scalar(buffers.input(4 + index, as: Float.self)[row])
        }
      }
      let count = Scalar(columns)
      for row in 0..<rows {
        let (mean, factor) = (statistics.means[row], statistics.factors[row])
        var (sum, inner): (Scalar, Scalar) = (0, 0)
        for position in row * columns..<(row + 1) * columns {
          sum += dx[position]
          inner += dx[position] * ((x[position] - mean) * factor)
        }
        let shift = (centers ? arriving(0, row) - factor * sum : 0) / count
        let slope = (arriving(1, row) * factor * factor + factor * inner) / count
        for position in row * columns..<(row + 1) * columns {
          dx[position] = factor * dx[position] + shift - slope * ((x[position] - mean) * factor)
        }
      }
    }
  }
}
