import PareTensor

/// Which elements of a tensor share a scale and a zero point: all of them, those at one index along `axis`, or with
/// `block_size` the runs of that many along `axis`.
///
/// The scale's shape tells which: a scalar; a vector along `axis`; the tensor's own with `⌈extent / block size⌉` in place
/// of the extent along `axis`.
package struct QuantizationSlices: Sendable {
  /// The integers that values are quantized to.
  static let types: Set<ElementType> = [.int4, .uint4, .int8, .uint8, .int16, .uint16]
  static let typeNames = "int4, uint4, int8, uint8, int16 or uint16"

  private let slices: AxisDecomposition
  /// Indices along the axis that share a scale with the same position beside it; nil without blocks.
  private let blockSize: Int?

  /// - Parameters:
  ///   - index: which input of the node is quantized.
  ///   - scale: which one is its scale.
  package init(_ context: PreparationContext, of index: Int, scale: Int) throws {
    let shape = try context.input(index).shape
    guard try context.input(scale).shape.elementCount != 1 else {
      (slices, blockSize) = (AxisDecomposition(whole: shape), nil)
      return
    }
    slices = AxisDecomposition(shape, axis: try context.node.axis(default: 1, rank: shape.rank))
    let size = try context.node.int("block_size", default: 0)
    blockSize = size > 0 ? size : nil
  }

  /// The slices as runs of neighbours, `block` along each of `rows` of `extent`, in the order of the scales; nil where what
  /// shares a scale does not lie together.
  package var rowsOfBlocks: (rows: Int, extent: Int, block: Int)? {
    guard let blockSize else { return slices.outer == 1 ? (slices.extent, slices.inner, slices.inner) : nil }
    return slices.inner == 1 ? (slices.outer, slices.extent, blockSize) : nil
  }

  /// Calls `body(position of the scale, positions of elements)` for each run of neighbours that share a scale.
  @inline(__always)
  func forEach(_ body: (Int, Range<Int>) -> Void) {
    guard let blockSize else {
      for block in 0..<slices.outer {
        for channel in 0..<slices.extent {
          let start = (block * slices.extent + channel) * slices.inner
          body(channel, start..<start + slices.inner)
        }
      }
      return
    }
    let blocks = slices.extent == 0 ? 0 : (slices.extent - 1) / blockSize + 1
    for outer in 0..<slices.outer {
      for block in 0..<blocks {
        let first = block * blockSize
        let end = first + min(blockSize, slices.extent - first)
        let (start, scales) = (outer * slices.extent * slices.inner, (outer * blocks + block) * slices.inner)
        if slices.inner == 1 {
          body(scales, start + first..<start + end)
        } else {
          for index in first..<end {
            for inner in 0..<slices.inner {
              let position = start + index * slices.inner + inner
              body(scales + inner, position..<position + 1)
            }
          }
        }
      }
    }
  }

  /// Checks shapes and types of scale and zero point, and the values of a scale that is constant.
  ///
  /// - Parameter quantized: the type that the zero point has to have; nil allows every type of `types`.
  static func check(
    _ context: InferenceContext, of x: ValueType, scale: Int, zeroPoint: Int, quantized: ElementType?
  ) throws {
    let node = context.node
    let scaleType = try context.floatingPointInput(scale)
    try checkShape(of: scaleType, against: x, node)
    if context.has(zeroPoint) {
      let type = try context.input(zeroPoint)
      guard type.dimensions == scaleType.dimensions || type.isScalar && scaleType.isScalar,
        quantized.map({ $0 == type.elementType }) ?? types.contains(type.elementType)
      else {
        throw GraphError(
          "shape", node: node,
          expected: "a zero point \(ValueType(quantized ?? .uint8, scaleType.dimensions)) like the scale", found: "\(type)")
      }
    }
    if let bad = context.constant(scale)?.doubles.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw GraphError("scale", node: node, expected: "finite scales above 0", found: "\(bad)")
    }
  }

  private static func checkShape(of scale: ValueType, against x: ValueType, _ node: Node) throws {
    let blockSize = try node.int("block_size", default: 0)
    guard blockSize >= 0 else {
      throw GraphError("attribute", node: node, expected: "a block_size of 0 or more", found: "\(blockSize)")
    }
    if scale.isScalar { return }
    let axis = try node.axis(default: 1, rank: x.rank)
    guard blockSize > 0 else {
      guard scale.dimensions == [x.dimensions[axis]] else {
        throw GraphError(
          "shape", node: node, expected: "a scalar scale or one per index of axis \(axis) of \(x)", found: "\(scale)")
      }
      return
    }
    guard let extent = x.dimensions[axis].fixedValue else {
      throw GraphError(
        "shape", node: node, expected: "a known extent along axis \(axis), which has blocks", found: "\(x)")
    }
    var expected = x.dimensions
    expected[axis] = .fixed(extent == 0 ? 0 : (extent - 1) / blockSize + 1)
    guard scale.dimensions == expected else {
      throw GraphError(
        "shape", node: node, expected: "a scale \(ValueType(scale.elementType, expected)) for blocks of \(blockSize)",
        found: "\(scale)")
    }
  }

  /// Reads a zero point of whatever integer type as a floating-point number; 0 where there is none.
  package static func reader<Scalar: BinaryFloatingPoint & Sendable>(
    _ context: PreparationContext, _ index: Int, _: Scalar.Type
  ) throws -> @Sendable (EvaluationBuffers, Int) -> Scalar {
    guard context.has(index) else { return { _, _ in 0 } }
    switch try context.input(index).elementType {
    case .int8, .int4: return { Scalar($0.input(index, as: Int8.self)[$1]) }
    case .uint8, .uint4: return { Scalar($0.input(index, as: UInt8.self)[$1]) }
    case .int16: return { Scalar($0.input(index, as: Int16.self)[$1]) }
    case .uint16: return { Scalar($0.input(index, as: UInt16.self)[$1]) }
    case let other: throw context.unsupported(other)
    }
  }
}
