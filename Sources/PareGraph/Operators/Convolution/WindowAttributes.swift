import PareTensor

/// The attributes by which ONNX describes a sliding window: `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad`
/// and, for pools, `ceil_mode`.
package struct WindowAttributes: Sendable, Hashable {
  package static let names = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"]

  private enum Padding: Sendable, Hashable {
    case explicit(begin: [Int], end: [Int])
    /// As much as keeps the extent over the stride; the odd element at the end or at the beginning.
    case same(oddAtEnd: Bool)
  }

  package let kernel: [Int]
  package let strides: [Int]
  package let dilations: [Int]
  private let padding: Padding
  /// Whether a last window that reaches beyond the padding counts.
  private let roundsUp: Bool
  private let node: Node

  /// - Parameters:
  ///   - rank: spatial axes, 1 to 3.
  ///   - kernel: the window's extents where the node does not say; nil where it has to.
  /// - Throws: `graph.window` for a number that is out of range or a list of the wrong length. Attributes are limited to
  ///   31 bits, which keeps everything computed from them within 63.
  package init(_ node: Node, rank: Int, kernel: [Int]? = nil) throws {
    self.node = node
    guard (1...3).contains(rank) else {
      throw GraphError("shape", node: node, expected: "1 to 3 spatial axes", found: "\(rank)")
    }
    func list(_ name: String, count: Int, from least: Int) throws -> [Int]? {
      guard let given = try node.ints(name) else { return nil }
      guard given.count == count, given.allSatisfy({ (least...Int(Int32.max)).contains($0) }) else {
        throw GraphError(
          "window", node: node, expected: "'\(name)' to be \(count) numbers within \(least)...\(Int32.max)", found: "\(given)")
      }
      return given
    }
    guard let extents = try list("kernel_shape", count: rank, from: 1) ?? kernel else {
      throw GraphError("window", node: node, expected: "attribute 'kernel_shape'", found: "none")
    }
    guard kernel == nil || extents == kernel else {
      throw GraphError("window", node: node, expected: "'kernel_shape' to be \(kernel ?? [])", found: "\(extents)")
    }
    guard extents.allSatisfy({ (1...Int(Int32.max)).contains($0) }), Shape.checkedElementCount(extents) != nil else {
      throw GraphError("window", node: node, expected: "a window of at least one element, that can be counted", found: "\(extents)")
    }
    self.kernel = extents
    let ones = [Int](repeating: 1, count: rank)
    strides = try list("strides", count: rank, from: 1) ?? ones
    dilations = try list("dilations", count: rank, from: 1) ?? ones
    let pads = try list("pads", count: 2 * rank, from: 0) ?? [Int](repeating: 0, count: 2 * rank)
    let autoPad = try node.string("auto_pad", default: "NOTSET")
    // What ONNX writes for VALID and SAME gives the same number in both modes.
    roundsUp = try node.int("ceil_mode", default: 0) != 0 && autoPad == "NOTSET"
    switch autoPad {
    case "NOTSET": padding = .explicit(begin: Array(pads[..<rank]), end: Array(pads[rank...]))
    case "VALID": padding = .explicit(begin: [Int](repeating: 0, count: rank), end: [Int](repeating: 0, count: rank))
    case "SAME_UPPER": padding = .same(oddAtEnd: true)
    case "SAME_LOWER": padding = .same(oddAtEnd: false)
    case let other:
      throw GraphError(
        "window", node: node, expected: "'auto_pad' to be NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: "'\(other)'")
    }
  }

  /// The window over an input of known extents.
  ///
  /// - Throws: `graph.window` where the window is larger than the padded input.
  package func geometry(over input: [Int]) throws -> WindowGeometry {
    WindowGeometry(try input.indices.map { try axis($0, input: input[$0]) })
  }

  /// The extents of the output. An extent that is only a name is passed on where the window keeps it.
  package func outputDimensions(_ input: [Dimension]) throws -> [Dimension] {
    try input.indices.map { index in
      if let extent = input[index].fixedValue { return .fixed(try axis(index, input: extent).output) }
      guard keepsExtent(index) else {
        throw GraphError(
          "constant", node: node, expected: "a number for the extent of spatial axis \(index), which the window changes",
          found: "'\(input[index])'")
      }
      return input[index]
    }
  }

  private func keepsExtent(_ index: Int) -> Bool {
    guard strides[index] == 1 else { return false }
    switch padding {
    case .same: return true
    case .explicit(let begin, let end): return begin[index] + end[index] == (kernel[index] - 1) * dilations[index]
    }
  }

  private func axis(_ index: Int, input: Int) throws -> WindowGeometry.Axis {
    let (kernel, stride, dilation) = (kernel[index], strides[index], dilations[index])
    let reach = (kernel - 1) * dilation + 1
    switch padding {
    case .same(let oddAtEnd):
      let output = (input + stride - 1) / stride
      let total = max(0, (output - 1) * stride + reach - input)
      let begin = oddAtEnd ? total / 2 : total - total / 2
      return WindowGeometry.Axis(
        input: input, kernel: kernel, stride: stride, dilation: dilation, padBegin: begin, padEnd: total - begin,
        output: output)
    case .explicit(let begin, let end):
      let (begin, end) = (begin[index], end[index])
      let room = begin + input + end - reach
      guard room >= 0 else {
        throw GraphError(
          "window", node: node, expected: "a window within the padded input along spatial axis \(index)",
          found: "a window of \(reach) over \(begin) + \(input) + \(end)")
      }
      var output = room / stride + 1
      if roundsUp, room % stride != 0, output * stride < begin + input { output += 1 }
      return WindowGeometry.Axis(
        input: input, kernel: kernel, stride: stride, dilation: dilation, padBegin: begin, padEnd: end, output: output)
    }
  }
}
