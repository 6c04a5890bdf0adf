import PareTensor

/// Part of X: along each of `axes` from `starts` to `ends` in steps of `steps`, all constants. Negative places count from
/// the end, places beyond it are moved to it, a negative step goes backwards.
///
/// A symbolic extent may be taken whole, reversed, or at its very end by a number of places from there.
///
/// - Inputs: X, starts, ends, axes (the first ones by default), steps (1 by default). Source: ONNX Slice.
public enum Slice: SeparableOperator {
  public static let name: OperatorName = "Slice"
  public static let inputCount = 3...5

  /// What is taken along one axis.
  private struct Cut {
    var axis: Int
    var start: Int
    var end: Int
    var step: Int

    /// The places, for a known extent.
    func places(of extent: Int) -> [Int] {
      func moved(_ place: Int) -> Int { place < 0 ? max(place, -extent - 1) + extent : min(place, extent) }
      if step > 0 {
        let (from, to) = (max(moved(start), 0), max(moved(end), 0))
        return from < to ? Array(stride(from: from, to: to, by: step)) : []
      }
      let (from, to) = (min(moved(start), extent - 1), max(moved(end), -1))
      return from > to ? Array(stride(from: from, to: to, by: step)) : []
    }
  }

  private static func cuts(_ node: Node, rank: Int, constants: [Tensor?]) throws -> [Cut] {
    let starts = try node.structure(1, constants, meaning: "starts") ?? []
    let ends = try node.structure(2, constants, meaning: "ends") ?? []
    let axes = try node.structure(3, constants, meaning: "axes") ?? Array(starts.indices)
    let steps = try node.structure(4, constants, meaning: "steps") ?? starts.map { _ in 1 }
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
      throw GraphError(
        "shape", node: node, expected: "as many starts, ends, axes and steps",
        found: "\(starts.count), \(ends.count), \(axes.count) and \(steps.count)")
    }
    _ = try node.normalizedAxes(axes, rank: rank)
    guard !steps.contains(where: { $0 == 0 || $0 == .min }) else {
      throw GraphError("shape", node: node, expected: "steps other than 0", found: "\(steps)")
    }
    return axes.indices.map { Cut(axis: axes[$0] < 0 ? axes[$0] + rank : axes[$0], start: starts[$0], end: ends[$0], step: steps[$0]) }
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    var type = try context.input(0)
    for cut in try cuts(context.node, rank: type.rank, constants: context.constants) {
      if let extent = type.dimensions[cut.axis].fixedValue {
        guard extent <= 1 << 32 else {
          throw GraphError("too-large", node: context.node, expected: "an extent that fits in memory", found: "\(type)")
        }
        type.dimensions[cut.axis] = .fixed(cut.places(of: extent).count)
      } else {
        // An extent with a name is at least 1, and below 2³¹.
        let isBeyond = cut.end >= Int(Int32.max)
        switch (cut.start, cut.step) {
        case (0, 1) where isBeyond: break
        case (-1, 1) where isBeyond: type.dimensions[cut.axis] = 1
        case (0, 1) where cut.end == 1: type.dimensions[cut.axis] = 1
        default:
          throw GraphError(
            "shape", node: context.node, expected: "all of the named extent '\(type.dimensions[cut.axis])', its first or its last",
            found: "\(cut.start) to \(cut.end) by \(cut.step)")
        }
      }
    }
    return [type]
  }

  static func indexing(_ node: Node, source: Shape, result: Shape, constants: [Tensor?]) throws -> (source: Shape, maps: [[Int]]) {
    var maps = source.dimensions.map { Array(0..<$0) }
    for cut in try cuts(node, rank: source.rank, constants: constants) { maps[cut.axis] = cut.places(of: source[cut.axis]) }
    return (source, maps)
  }

  /// Some of a vector of extents.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard context.constant(0) == nil, let known = context.known(0), known.shape.rank == 1, let extents = known.extents,
      let shape = outputs[0].shape(binding: [:])
    else { return try evaluateConstants(context, outputs) }
    var places = Array(extents.indices)
    for cut in try cuts(context.node, rank: 1, constants: context.constants) { places = cut.places(of: extents.count) }
    return [KnownValue(extents: places.map { extents[$0] }, elementType: known.elementType, shape: shape)]
  }
}
