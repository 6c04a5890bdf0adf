import PareGraph
import PareInference
import PareTensor
import Testing

/// Networks of windows, strides, pads and slices drawn from a seed, with small whole numbers for features and weights, so
/// that every sum in Float32 is exact and pieces have to equal the whole to the bit.
@Suite struct RandomWindowTests {
  private struct Draw {
    var generator: SeededGenerator
    var builder = GraphBuilder(name: "random")
    var value = ""
    var channels = 0
    var steps = 0

    mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + generator.below(range.count) }

    mutating func weights(_ shape: Shape) throws -> String {
      let values = (0..<shape.elementCount).map { _ in Float(number(-1...1)) }
      return try builder.constant(Tensor(values, shape: shape))
    }

    mutating func numbers(_ values: [Int]) throws -> String { try builder.constant(Tensor(values.map(Int64.init))) }

    /// Applies an operator and takes the extents from what it yields.
    mutating func apply(_ name: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:]) throws {
      value = try builder.apply(name, inputs, attributes: attributes)
      let dimensions = try builder.type(of: value).dimensions.map { $0.fixedValue ?? 1 }
      (channels, steps) = (dimensions[1], dimensions[2])
    }

    mutating func window(_ most: Int) -> (kernel: Int, attributes: [String: Attribute]) {
      let (kernel, dilation) = (number(1...most), number(1...2))
      let reach = (kernel - 1) * dilation + 1
      let pads = number(0...2) == 0 ? [reach - 1, 0] : [number(0...reach - 1), number(0...reach - 1)]
      return (
        kernel,
        [
          "dilations": .ints([dilation]), "strides": .ints([number(0...3) == 0 ? 2 : 1]), "pads": .ints(pads),
          "kernel_shape": .ints([kernel]),
        ]
      )
    }

    mutating func layer() throws {
      switch number(0...8) {
      case 0...2:
        let (kernel, attributes) = window(4)
        let groups = channels % 2 == 0 && number(0...2) == 0 ? 2 : 1
        let filters = groups * number(1...2)
        let operands = try [value, weights([filters, channels / groups, kernel]), weights([filters])]
        try apply("Conv", operands, attributes.merging(["group": .int(groups)]) { $1 })
      case 3:
        try apply("MaxPool", [value], window(3).attributes)
      case 4: try apply("Pad", [value, numbers([0, 0, number(0...3), 0, 0, number(0...1)])])
      case 5:
        guard steps > 4 else { return }
        try apply("Slice", [value, numbers([number(0...2)]), numbers([steps - number(0...1)]), numbers([2])])
      case 6: try apply("Relu", [value])
      case 7: try apply("Add", [value, weights([1, 1, steps])])
      default: try apply("Concat", [value, value], ["axis": .int(1)])
      }
    }

    mutating func head() throws {
      switch number(0...3) {
      case 0:
        value = try builder.apply("Flatten", [value])
        value = try builder.apply("Gemm", [value, weights([3, channels * steps]), weights([3])], attributes: ["transB": .int(1)])
      case 1: value = try builder.apply("ReduceSum", [value, numbers([2])], attributes: ["keepdims": .int(number(0...1))])
      case 2:
        let last = try builder.constant(Tensor(scalar: Int64(-1)))
        value = try builder.apply("Gather", [value, last], attributes: ["axis": .int(2)])
      default:
        // A product of every step, then all of them.
        value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1])])
        value = try builder.apply("MatMul", [value, weights([channels, 2])])
      }
    }
  }

  @Test(arguments: 0..<400)
  func piecesEqualTheWholeToTheBit(seed: Int) throws {
    var draw = Draw(generator: SeededGenerator(seed: UInt64(seed), stream: "windows"))
    (draw.channels, draw.steps) = (draw.number(1...4), draw.number(6...24))
    let (width, length) = (draw.channels, draw.steps)
    draw.value = try draw.builder.input("x", ValueType(.float32, [1, .fixed(width), .fixed(length)]))
    for _ in 0..<draw.number(1...5) {
      let before = draw
      // A window may be larger than what is left; then there is no such layer.
      do { try draw.layer() } catch is GraphError { (draw.builder, draw.value) = (before.builder, before.value) }
    }
    try draw.head()
    draw.value = try draw.builder.apply("Identity", [draw.value], output: "y")
    try draw.builder.output(draw.value)
    let graph = draw.builder.graph

    let plan = try SequencePlan(graph, timeAxis: 2)
    let (windowed, whole) = (plan.makeWindowedContext(), try ExecutionPlan(graph).makeContext())
    let rows = (0..<(2 * length + 3) * width).map { _ in Float(draw.number(-3...3)) }
    let older = (length - 1) * width
    for start in 0...length + 3 {
      let window = Array(rows[start * width..<(start + length) * width])
      let newest = Array(window[older...])
      if start == 0 || start == length {
        try windowed.prepare(Array(window[..<older]))
      } else {
        try windowed.slide(Array(window[(older - width)..<older]))
      }
      #expect(try windowed.run(newestRow: newest) == 0)
      let turned = (0..<width).flatMap { feature in (0..<length).map { window[$0 * width + feature] } }
      _ = try whole.run(features: turned)
      let (found, expected) = (windowed.output("y", as: Float.self).map(Array.init), whole.output("y", as: Float.self).map(Array.init))
      #expect(found == expected, "window \(start) of \(graph.nodes.map { "\($0.operatorName) \($0.attributes)" })")
      if found != expected { return }
    }
  }
}
