import PareTensor

/// The largest element under a window; NaN where there is one. A window that meets padding alone yields the lowest value
/// of the type.
protocol MaximumPool: PoolOperator {}

extension MaximumPool {
  static func fold<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar {
    { $0.fold(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 } }
  }

  /// All to the first of the largest.
  static func spread<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar, PoolWindow<Scalar>, UnsafeMutablePointer<Scalar>) -> Void {
    { dy, y, window, dx in
      var first: Int?
      window.forEach { if first == nil, window.plane[$0] == y || y.isNaN { first = $0 } }
      if let first { dx[first] += dy }
    }
  }
}

/// The largest element under a window, and optionally where it lies.
///
/// - Outputs: Y, and `Indices` of type int64: the offset in X, counted over all axes; within a plane along the columns
///   where `storage_order` is 1; −1 for a window over padding alone.
/// - Types: floating point, int8, uint8.
/// - Source: ONNX MaxPool.
public enum MaxPool: MaximumPool {
  public static let name: OperatorName = "MaxPool"
  public static let outputCount = 1...2
  public static let attributeNames = WindowAttributes.names + ["ceil_mode", "storage_order"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard x.elementType.isFloatingPoint || [.int8, .uint8].contains(x.elementType) else {
      throw GraphError(
        "element-type", node: context.node, expected: "floating point, int8 or uint8", found: "\(x)")
    }
    guard (0...1).contains(try context.node.int("storage_order", default: 0)) else {
      throw GraphError("attribute", node: context.node, expected: "a storage_order of 0 or 1", found: "another")
    }
    let y = try outputType(context.node, x: x)
    return [y, ValueType(.int64, y.dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try maxima(context, lowest: -Float.infinity)
    case .float64: try maxima(context, lowest: -Double.infinity)
    case .int8: try maxima(context, lowest: Int8.min)
    case .uint8: try maxima(context, lowest: UInt8.min)
    case let other: throw context.unsupported(other)
    }
  }

  private static func maxima<Element: TensorElement & Comparable & Sendable>(
    _ context: PreparationContext, lowest: Element
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let geometry = try geometry(context.node, x: shape)
    let columnMajor = try context.node.int("storage_order", default: 0) == 1
    let hasIndices = context.outputs.count > 1
    let pairs = WindowPairs(geometry)
    let (a, b, c) = geometry.threeAxes
    let (planes, extent, positions) = (shape[0] * shape[1], geometry.inputCount, geometry.outputCount)
    /// An offset in a plane, counted along the columns.
    @Sendable func transposed(_ offset: Int) -> Int {
      let (i, j, k) = (offset / (b.input * c.input), offset / c.input % b.input, offset % c.input)
      return (k * b.input + j) * a.input + i
    }
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      let indices = hasIndices ? buffers.output(1, as: Int64.self) : nil
      for plane in 0..<planes {
        let values = x + plane * extent
        for position in 0..<positions {
          var best = lowest
          var index = -1
          pairs.forEachTap(of: position) { input, _ in
            let value = values[input]
            // Only NaN differs from itself; the first one stays.
            if index < 0 || value > best || (value != value && best == best) { (best, index) = (value, input) }
          }
          y[plane * positions + position] = best
          indices?[plane * positions + position] =
            index < 0 ? -1 : Int64(plane * extent + (columnMajor ? transposed(index) : index))
        }
      }
    }
  }
}

/// The largest element of each plane. Source: ONNX GlobalMaxPool.
public enum GlobalMaxPool: MaximumPool {
  public static let name: OperatorName = "GlobalMaxPool"
  static let isGlobal = true
}
