import PareTensor
import RealModule

/// The elements of one plane that lie under a window at one position; padding is no element.
struct PoolWindow<Scalar: FloatingPointElement> {
  let plane: UnsafePointer<Scalar>
  let pairs: WindowPairs
  /// In the order of the output.
  let position: Int

  @inline(__always)
  func forEach(_ body: (_ offset: Int) -> Void) {
    pairs.forEachTap(of: position) { input, _ in body(input) }
  }

  @inline(__always)
  func fold(_ start: Scalar, _ combine: (Scalar, Scalar) -> Scalar) -> Scalar {
    var gathered = start
    forEach { gathered = combine(gathered, plane[$0]) }
    return gathered
  }
}

/// An operator that folds the elements under a window, in every plane of `X [N, C, D1, …]` by itself.
protocol PoolOperator: FloatingPointOperator {
  /// Whether the window is the whole plane.
  static var isGlobal: Bool { get }

  /// What a window yields.
  static func fold<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar

  /// What a window that yielded `y` adds to the gradient by its elements: the share of `dy` of each.
  static func spread<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (_ dy: Scalar, _ y: Scalar, PoolWindow<Scalar>, _ dx: UnsafeMutablePointer<Scalar>) -> Void
}

extension PoolOperator {
  public static var inputCount: ClosedRange<Int> { 1...1 }
  static var isGlobal: Bool { false }

  static func outputType(_ node: Node, x: ValueType) throws -> ValueType {
    guard x.rank >= 3 else {
      throw GraphError("shape", node: node, expected: "X [batch, channels, extents…]", found: "\(x)")
    }
    let spatial = Array(x.dimensions[2...])
    let pooled =
      isGlobal ? spatial.map { _ in 1 } : try WindowAttributes(node, rank: spatial.count).outputDimensions(spatial)
    return ValueType(x.elementType, x.dimensions[..<2] + pooled)
  }

  /// The window over the spatial axes; one over the whole plane sees them as one.
  static func geometry(_ node: Node, x: Shape) throws -> WindowGeometry {
    let spatial = Array(x.dimensions[2...])
    guard isGlobal else { return try WindowAttributes(node, rank: spatial.count).geometry(over: spatial) }
    let count = spatial.reduce(1, *)
    return WindowGeometry([.init(input: count, kernel: count, stride: 1, dilation: 1, padBegin: 0, padEnd: 0, output: 1)])
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    _ = try fold(context.node, Float.self)
    return [try outputType(context.node, x: x)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let geometry = try geometry(context.node, x: shape)
    let fold = try fold(context.node, Scalar.self)
    let pairs = WindowPairs(geometry)
    let (planes, extent, positions) = (shape[0] * shape[1], geometry.inputCount, geometry.outputCount)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for plane in 0..<planes {
        for position in 0..<positions {
          let window = PoolWindow(plane: x + plane * extent, pairs: pairs, position: position)
          y[plane * positions + position] = fold(window)
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    return [try context.apply(PoolGradient<Self>.name, [dy, node.inputs[0], node.outputs[0]], node.attributes)]
  }
}

/// The gradient of a pool. Inputs: dY, the pool's X and its Y; its attributes.
enum PoolGradient<Pool: PoolOperator>: FloatingPointOperator {
  static var name: OperatorName { OperatorName(Pool.name.type + "Gradient", domain: "pare") }
  static var inputCount: ClosedRange<Int> { 3...3 }
  static var attributeNames: [String] { Pool.attributeNames }

  static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, y) = (try context.floatingPointInput(1), try context.equalInputs(0, 2))
    let expected = try Pool.outputType(context.node, x: x)
    guard y == expected else {
      throw GraphError("shape", node: context.node, expected: "dY and Y \(expected)", found: "\(y)")
    }
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(1).shape
    let geometry = try Pool.geometry(context.node, x: shape)
    let spread = try Pool.spread(context.node, Scalar.self)
    let pairs = WindowPairs(geometry)
    let (planes, extent, positions) = (shape[0] * shape[1], geometry.inputCount, geometry.outputCount)
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let x = buffers.input(1, as: Scalar.self)
      let y = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      dx.update(repeating: 0, count: planes * extent)
      for plane in 0..<planes {
        for position in 0..<positions {
          let index = plane * positions + position
          spread(
            dy[index], y[index], PoolWindow(plane: x + plane * extent, pairs: pairs, position: position),
            dx + plane * extent)
        }
      }
    }
  }
}
