import PareGraph
import PareTensor
import Testing

@Suite struct TransposeTests {
  /// Orders that keep runs of neighbours, and orders that do not; extents of 1 and of 0 among them.
  static let cases: [(shape: [Int], order: [Int])] = [
    ([3, 4], [1, 0]), ([2, 3, 4], [1, 0, 2]), ([2, 3, 4], [2, 1, 0]), ([2, 3, 4], [0, 1, 2]), ([5, 1, 4, 1], [2, 3, 0, 1]),
    ([2, 3, 4, 5], [0, 2, 1, 3]), ([2, 3, 4, 5], [0, 2, 3, 1]), ([2, 3, 4, 5], [3, 0, 2, 1]), ([1, 1], [1, 0]), ([7], [0]),
    ([], []), ([2, 0, 3], [2, 1, 0]),
  ]

  @Test(arguments: cases) func everyElementIsWhereItsAxesSay(_ shape: [Int], _ order: [Int]) throws {
    let count = shape.reduce(1, *)
    func moved(_ values: [Int]) -> [Int] {
      let target = order.map { shape[$0] }
      return (0..<count).map { position in
        var (rest, index) = (position, [Int](repeating: 0, count: shape.count))
        for axis in order.indices.reversed() {
          index[order[axis]] = rest % target[axis]
          rest /= target[axis]
        }
        return values[zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }]
      }
    }
    let values = Array(0..<count)
    let extents = Shape(shape)
    let tensors: [([Int]) -> Tensor] = [
      { Tensor($0.map { UInt8($0) }, shape: extents) },
      { Tensor($0.map { Int16($0) }, shape: extents) },
      { Tensor($0.map { Float($0) }, shape: extents) },
      { Tensor($0.map { Double($0) }, shape: extents) },
    ]
    for make in tensors {
      let x = make(values)
      var builder = GraphBuilder(name: "transpose")
      let input = try builder.input("x", ValueType(x.elementType, shape.map { .fixed($0) }))
      try builder.output(try builder.apply("Transpose", [input], attributes: ["perm": .ints(order)], output: "y"))
      let y = try #require(try ReferenceEvaluator(builder.graph, binding: [:]).run(["x": x])["y"])
      #expect(y.shape.dimensions == order.map { shape[$0] })
      #expect(y.doubles == moved(values).map(Double.init))
    }
  }
}
