import PareTensor

/// X with places put before and after it along each axis (or taken away, where a pad is negative): of a constant value,
/// or as `mode` says: `reflect` at the edge, `edge` repeated, `wrap` around.
///
/// - Inputs: X, pads (constant: all befores, then all afters), value (0 by default), axes (all by default).
/// - Source: ONNX Pad.
public enum Pad: SeparableOperator {
  public static let name: OperatorName = "Pad"
  public static let inputCount = 2...4
  public static let attributeNames = ["mode"]
  static let fillInput: Int? = 2

  /// Places before and after, per axis.
  private static func pads(_ node: Node, rank: Int, constants: [Tensor?]) throws -> [(before: Int, after: Int)] {
    let pads = try node.structure(1, constants, meaning: "pads") ?? []
    let axes = try node.structure(3, constants, meaning: "axes") ?? Array(0..<rank)
    _ = try node.normalizedAxes(axes, rank: rank)
    guard pads.count == 2 * axes.count, pads.allSatisfy({ $0.magnitude < 1 << 31 }) else {
      throw GraphError("shape", node: node, expected: "\(2 * axes.count) pads", found: "\(pads)")
    }
    var result = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    for (index, axis) in axes.enumerated() { result[axis < 0 ? axis + rank : axis] = (pads[index], pads[index + axes.count]) }
    return result
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    var type = try context.input(0)
    let mode = try node.string("mode", default: "constant")
    guard ["constant", "reflect", "edge", "wrap"].contains(mode) else {
      throw GraphError("attribute", node: node, expected: "mode constant, reflect, edge or wrap", found: "'\(mode)'")
    }
    if context.has(2) {
      let value = try context.input(2)
      guard value.elementType == type.elementType, value.isScalar else {
        throw GraphError("element-type", node: node, expected: "a value of \(type.elementType.rawValue)", found: "\(value)")
      }
    }
    for (axis, pad) in try pads(node, rank: type.rank, constants: context.constants).enumerated() where pad != (0, 0) {
      guard let extent = type.dimensions[axis].fixedValue else {
        throw GraphError("shape", node: node, expected: "no pads along the named extent '\(type.dimensions[axis])'", found: "\(pad)")
      }
      let (padded, overflow) = extent.addingReportingOverflow(pad.before + pad.after)
      let needed = mode == "reflect" ? 2 : 1
      guard !overflow, padded >= 0, mode == "constant" || extent >= needed || padded == 0 else {
        throw GraphError("shape", node: node, expected: "pads that fit axis \(axis) of \(type)", found: "\(pad)")
      }
      type.dimensions[axis] = .fixed(padded)
    }
    return [type]
  }

  static func indexing(_ node: Node, source: Shape, result: Shape, constants: [Tensor?]) throws -> (source: Shape, maps: [[Int]]) {
    let mode = try node.string("mode", default: "constant")
    let pads = try pads(node, rank: source.rank, constants: constants)
    let maps = pads.enumerated().map { axis, pad in
      let extent = source[axis]
      return (0..<max(extent + pad.before + pad.after, 0)).map { place -> Int in
        let from = place - pad.before
        if (0..<extent).contains(from) { return from }
        switch mode {
        case "edge": return min(max(from, 0), extent - 1)
        case "wrap": return ((from % extent) + extent) % extent
        case "reflect":
          let period = 2 * (extent - 1)
          let phase = ((from % period) + period) % period
          return phase < extent ? phase : period - phase
        default: return -1
        }
      }
    }
    return (source, maps)
  }
}
