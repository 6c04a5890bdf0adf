import PareTensor

/// The transpose of a convolution: each element of X is spread through the window over Y.
///
/// - Shapes: `X [N, C, D1, …]`, `W [C, M / group, k1, …]`, `B [M]` → `Y [N, M, …]` of extent `stride · (D − 1) +
///   output_padding + (k − 1) · dilation + 1 − pads`, or `output_shape`, or with `auto_pad` SAME `stride · D`.
/// - Source: ONNX ConvTranspose.
public enum ConvTranspose: ConvolutionOperator, FloatingPointOperator {
  public static let name: OperatorName = "ConvTranspose"
  public static let attributeNames = WindowAttributes.names + ["group", "output_padding", "output_shape"]
  package static let gathers = false

  package static func problem(_ node: Node, x: Shape, w: Shape) throws -> ConvolutionProblem {
    let geometry = try geometry(node, x: Array(x.dimensions[2...]), kernel: Array(w.dimensions[2...]))
    return try problem(node, batch: x[0], w: w, geometry: geometry)
  }

  package static func spatialDimensions(_ node: Node, x: [Dimension], kernel: [Int]) throws -> [Dimension] {
    let known = x.compactMap(\.fixedValue)
    guard known.count == x.count else {
      throw GraphError(
        "constant", node: node, expected: "numbers for the spatial extents of X", found: "\(x.map(\.description))")
    }
    return try geometry(node, x: known, kernel: kernel).inputExtents.map(Dimension.fixed)
  }

  /// The window that slides over Y, with a position for every element of X.
  private static func geometry(_ node: Node, x: [Int], kernel: [Int]) throws -> WindowGeometry {
    var plain = node
    plain.attributes["auto_pad"] = nil
    let window = try WindowAttributes(plain, rank: x.count, kernel: kernel)
    func list(_ name: String, count: Int) throws -> [Int]? {
      guard let given = try node.ints(name) else { return nil }
      guard given.count == count, given.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
        throw GraphError(
          "window", node: node, expected: "'\(name)' to be \(count) numbers within 0...\(Int32.max)", found: "\(given)")
      }
      return given
    }
    let extra = try list("output_padding", count: x.count)
    let pads = try list("pads", count: 2 * x.count)
    let shape = try list("output_shape", count: x.count)
    let autoPad = try node.string("auto_pad", default: "NOTSET")
    guard ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(autoPad) else {
      throw GraphError(
        "window", node: node, expected: "'auto_pad' to be NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: "'\(autoPad)'")
    }
    return WindowGeometry(
      try x.indices.map { axis in
        let (kernel, stride, dilation) = (window.kernel[axis], window.strides[axis], window.dilations[axis])
        // An extent is below 2⁴⁸ and the others below 2³¹: the product may overflow.
        let (steps, overflow) = stride.multipliedReportingOverflow(by: max(x[axis] - 1, 0))
        guard !overflow, x[axis] > 0, steps < 1 << 61 else {
          throw GraphError("window", node: node, expected: "extents from 1 that can be spread", found: "\(x)")
        }
        // The extent before anything is cut off.
        let full = steps + (extra?[axis] ?? 0) + (kernel - 1) * dilation + 1
        let (begin, end, output): (Int, Int, Int)
        if let wanted = shape?[axis] ?? (autoPad.hasPrefix("SAME") ? x[axis] * stride : nil) {
          let total = max(0, full - wanted)
          begin = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2
          (end, output) = (total - begin, wanted)
        } else {
          (begin, end) = autoPad == "VALID" ? (0, 0) : (pads?[axis] ?? 0, pads?[x.count + axis] ?? 0)
          output = full - begin - end
        }
        guard output >= 0 else {
          throw GraphError("window", node: node, expected: "pads that leave something of \(full)", found: "\(begin) and \(end)")
        }
        return WindowGeometry.Axis(
          input: output, kernel: kernel, stride: stride, dilation: dilation, padBegin: begin, padEnd: end, output: x[axis])
      })
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try problem(context.node, x: context.input(0).shape, w: context.input(1).shape)
    let hasBias = context.has(2)
    return { buffers in
      let bias = hasBias ? buffers.input(2, as: Scalar.self) : nil
      problem.scatter(narrow: buffers.input(0), weights: buffers.input(1), bias: bias, wide: buffers.output(as: Scalar.self))
    }
  }
}
