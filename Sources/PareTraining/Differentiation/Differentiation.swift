import OrderedCollections
import PareGraph
import PareTensor

/// The gradient of a scalar by any values of a graph, as more graph.
///
/// Reverse mode: nodes are visited from the last to the first, each asked through `Operator.gradient` for the nodes
/// that carry the gradient from its outputs to those inputs that lead to something wanted. Where a value is used more
/// than once its contributions are added, in the order in which they were made.
///
/// - Source: Griewank and Walther 2008, "Evaluating Derivatives", chapter 3.
public struct Differentiation: Sendable {
  /// The graph, then the nodes of the gradient. Its outputs are those of the original. Nodes that lie between a wanted
  /// value and the scalar have their differentiable forms.
  public let graph: Graph
  /// The value that holds the gradient by each wanted value, of that value's type. A wanted value on which the scalar
  /// does not depend has none.
  public let gradients: OrderedDictionary<String, String>

  /// - Parameters:
  ///   - scalar: a floating-point value of `graph` with one element.
  ///   - wanted: by default the trainable parameters, in the graph's order.
  /// - Throws: `training.scalar` where `scalar` is not one, `graph.not-differentiable` for an operator without a
  ///   gradient that lies between something wanted and the scalar, `graph.missing-value` for an unknown name.
  public init(of scalar: String, in graph: Graph, by wanted: [String]? = nil) throws {
    let wanted = wanted ?? graph.parameters.filter { $0.value.isTrainable }.map(\.key)
    var builder = try GraphBuilder(graph)
    for value in wanted { _ = try builder.type(of: value) }
    let type = try builder.type(of: scalar)
    guard type.elementType.isFloatingPoint, type.dimensions.allSatisfy({ $0 == 1 }) else {
      throw TrainingError("scalar", subject: "value '\(scalar)'", expected: "one floating-point number", found: "\(type)")
    }

    // Only nodes between a wanted value and the scalar take part.
    var active = Set(wanted)
    for node in graph.nodes where node.inputs.contains(where: active.contains) { active.formUnion(node.outputs) }
    active.remove("")
    var needed: Set<String> = [scalar]
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
    }
    var graph = graph
    for (index, node) in graph.nodes.enumerated()
    where node.inputs.contains(where: active.contains) && node.outputs.contains(where: needed.contains) {
      graph.nodes[index] = try OperatorCatalogue.definition(of: node).differentiableForm(of: node) {
        builder.freshValueName($0)
      }
    }
    builder = try GraphBuilder(graph)

    var contributions: [String: [String]] = [:]
    if active.contains(scalar) {
      let one = Tensor.filled(1, type.elementType, shape: Shape(type.dimensions.map { _ in 1 }))
      contributions[scalar] = [try builder.constant(one, named: "gradient.seed")]
    }
    for node in graph.nodes.reversed()
    where node.inputs.contains(where: active.contains) && node.outputs.contains(where: needed.contains) {
      // Where nothing flows back, an operator is asked all the same: one without a gradient shall not go unnoticed
      // because a conversion from integers hides it.
      var outputGradients: [String?] = []
      for output in node.outputs { outputGradients.append(try Self.sum(&contributions, of: output, in: &builder)) }
      var context = GradientContext(
        node: node, outputGradients: outputGradients, wanted: node.inputs.map(active.contains), builder: builder)
      let gradients = try OperatorCatalogue.definition(of: node).gradient(&context)
      builder = context.builder
      for (input, gradient) in zip(node.inputs, gradients) where active.contains(input) {
        if let gradient { contributions[input, default: []].append(gradient) }
      }
    }

    var gradients: OrderedDictionary<String, String> = [:]
    for value in wanted {
      if let gradient = try Self.sum(&contributions, of: value, in: &builder) { gradients[value] = gradient }
    }
    self.graph = builder.graph
    self.gradients = gradients
  }

  /// Adds up what has arrived for a value, once.
  private static func sum(
    _ contributions: inout [String: [String]], of value: String, in builder: inout GraphBuilder
  ) throws -> String? {
    guard let terms = contributions[value], var total = terms.first else { return nil }
    for term in terms.dropFirst() { total = try builder.apply("Add", [total, term]) }
    contributions[value] = [total]
    return total
  }
}

extension Tensor {
  /// A tensor with one floating-point number everywhere.
  static func filled(_ value: Double, _ elementType: ElementType, shape: Shape) -> Tensor {
    elementType == .float64
      ? Tensor([Double](repeating: value, count: shape.elementCount), shape: shape)
      : Tensor([Float](repeating: Float(value), count: shape.elementCount), shape: shape)
  }
}
