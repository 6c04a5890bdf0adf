import PareGraph
import PareTensor
import PareTraining
import Testing

/// A loss on inputs of its own, evaluated in Float64 by the reference.
struct LossProbe {
  private let graph: Graph
  private let scalar: String
  private let rows: Int

  /// - Parameter values: the values that the loss is attached to, with their types.
  init(_ loss: any Loss, on values: [String: ValueType], rows: Int) throws {
    var builder = GraphBuilder(name: "probe")
    for (name, type) in values.sorted(by: { $0.key < $1.key }) { _ = try builder.input(name, type) }
    scalar = try loss.append(to: &builder)
    graph = builder.graph
    self.rows = rows
  }

  /// What the loss added to learn.
  var parameters: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: graph.parameters.filter { $0.value.isTrainable }.map { ($0.key, $0.value.storage.decoded()) })
  }

  func value(_ inputs: [String: Tensor]) throws -> Double {
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": rows], precision: .float64, outputs: [scalar])
    return try #require(evaluator.run(inputs)[scalar]).doubles[0]
  }

  /// The gradient by an input.
  func gradient(by name: String, _ inputs: [String: Tensor]) throws -> [Double] {
    let differentiation = try Differentiation(of: scalar, in: graph, by: [name])
    let gradient = try #require(differentiation.gradients[name])
    let evaluator = try ReferenceEvaluator(
      differentiation.graph, binding: ["batch": rows], precision: .float64, outputs: [gradient])
    return try #require(evaluator.run(inputs)[gradient]).doubles
  }

  /// The gradient by central differences with step 2⁻¹⁰, off by about 2⁻²⁰/6 times a third derivative.
  func differences(by name: String, _ inputs: [String: Tensor]) throws -> [Double] {
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": rows], precision: .float64, outputs: [scalar])
    let point = try #require(inputs[name])
    return try (0..<point.elementCount).map { index in
      let sides = try [0x1p-10, -0x1p-10].map { (step: Float) in
        var moved = point.values(as: Float.self)
        moved[index] += step
        return try #require(evaluator.run(inputs.merging([name: Tensor(moved, shape: point.shape)]) { $1 })[scalar]).doubles[0]
      }
      return (sides[0] - sides[1]) / 0x1p-9
    }
  }

  /// The loss and its gradient in Float32 by the batch executor, which finds what only the fast forms would get wrong.
  func executed(by name: String, _ inputs: [String: Tensor]) throws -> (value: Double, gradient: [Double]) {
    let differentiation = try Differentiation(of: scalar, in: graph, by: [name])
    let gradient = try #require(differentiation.gradients[name])
    let results = try BatchExecutor(differentiation.graph, binding: ["batch": rows], outputs: [scalar, gradient]).run(inputs)
    return (try #require(results[scalar]).doubles[0], try #require(results[gradient]).doubles)
  }

  /// The gradient agrees with differences within `bound`, and Float32 with Float64.
  func checkGradient(by name: String, _ inputs: [String: Tensor], within bound: Double = 1e-4) throws {
    let (exact, differences) = (try gradient(by: name, inputs), try differences(by: name, inputs))
    #expect(exact.contains { abs($0) > 1e-3 })
    for (exact, difference) in zip(exact, differences) { #expect(abs(exact - difference) < bound, "\(exact), \(difference)") }
    let (value, single) = try executed(by: name, inputs)
    #expect(abs(try self.value(inputs) - value) < 1e-4)
    for (exact, single) in zip(exact, single) { #expect(abs(exact - single) < 1e-3, "\(exact), \(single)") }
  }
}

extension Tensor {
  /// Normal numbers under a seed.
  static func normal(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: "normal tensor")
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
  }
}
