import PareGraph
import PareTensor

/// `pare.SelectiveScan` as a Scan along time, whose body is one step in element-wise operators.
///
/// What a step does not change, A and D, the body takes from the graph around it. The states of a call without any are zeros.
enum SelectiveScanExport: NodeExport {
  static let operatorName = SelectiveScan.name

  static func export(_ node: Node, in context: inout ExportContext) throws {
    let (x, state) = (try context.type(of: node.inputs[0]), try stateType(node, in: context))
    let first = try node.input(6) ?? zeros(node, x, state, in: &context)
    let (body, axis) = (try self.body(node, state, in: &context), Attribute.ints([1]))
    let outputs = [node.outputs.dropFirst().first.flatMap { $0.isEmpty ? nil : $0 } ?? context.value("\(node.name)/last"), node.outputs[0]]
    context.append(
      Node(
        "Scan", name: node.name, inputs: [first, node.inputs[0], node.inputs[1], node.inputs[3], node.inputs[4]], outputs: outputs,
        attributes: ["num_scan_inputs": .int(4), "scan_input_axes": .ints([1, 1, 1, 1]), "scan_output_axes": axis]),
      graphs: ["body": body])
  }

  private static func stateType(_ node: Node, in context: ExportContext) throws -> ValueType {
    let (x, a) = (try context.type(of: node.inputs[0]), try context.type(of: node.inputs[2]))
    return ValueType(x.elementType, [x.dimensions[0]] + x.dimensions.dropFirst(2).dropLast() + a.dimensions)
  }

  /// Zeros `[batch, …, states, channels]`, of which all but the last two are as long as X is.
  private static func zeros(_ node: Node, _ x: ValueType, _ state: ValueType, in context: inout ExportContext) throws -> String {
    let own = state.dimensions.suffix(2).compactMap(\.fixedValue)
    guard own.count == 2 else {
      throw GraphError("extent", node: node, expected: "as many states and channels as a number says", found: "\(state)")
    }
    let batch = context.apply("Shape", [node.inputs[0]], ["start": .int(0), "end": .int(1)], for: node)
    let lanes = context.apply("Shape", [node.inputs[0]], ["start": .int(2), "end": .int(-1)], for: node)
    let last = context.constant(Tensor(own.map { Int64($0) }), named: "\(node.name)/extents")
    let shape = context.apply("Concat", [batch, lanes, last], ["axis": .int(0)], for: node)
    let zeros = context.value("\(node.name)/zeros")
    context.append(
      Node("ConstantOfShape", name: zeros, inputs: [shape], outputs: [zeros]), tensors: ["value": Tensor([Float(0)])])
    return zeros
  }

  /// A step: the state and the rows of X, Δ, B and C to the next state and the row of Y.
  private static func body(_ node: Node, _ state: ValueType, in context: inout ExportContext) throws -> StepGraph {
    var nodes: [Node] = []
    func apply(_ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> String {
      let name = context.value("\(node.name)/step/\(operatorName.type)")
      nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: [name], attributes: attributes))
      return name
    }
    func row(of input: Int) throws -> ValueInfo {
      let type = try context.type(of: node.inputs[input])
      return ValueInfo(context.value("\(node.name)/step/\(input)"), ValueType(type.elementType, [type.dimensions[0]] + type.dimensions.dropFirst(2)))
    }
    let before = ValueInfo(context.value("\(node.name)/step/state"), state)
    let rows = try [0, 1, 3, 4].map(row)
    let (x, delta, b, c) = (rows[0].name, rows[1].name, rows[2].name, rows[3].name)
    let (acrossStates, acrossChannels) = (
      context.constant(Tensor([Int64(-2)]), named: "\(node.name)/states"), context.constant(Tensor([Int64(-1)]), named: "\(node.name)/channels")
    )
    let decay = apply("Exp", [apply("Mul", [apply("Unsqueeze", [delta, acrossStates]), node.inputs[2]])])
    let taken = apply("Mul", [apply("Unsqueeze", [b, acrossChannels]), apply("Unsqueeze", [apply("Mul", [delta, x]), acrossStates])])
    let after = apply("Add", [apply("Mul", [decay, before.name]), taken])
    let read = apply("Mul", [apply("Unsqueeze", [c, acrossChannels]), after])
    var y = apply("ReduceSum", [read, acrossStates], ["keepdims": .int(0)])
    if let d = node.input(5) { y = apply("Add", [y, apply("Mul", [x, d])]) }
    return StepGraph(
      name: "\(node.name)/step", nodes: nodes, inputs: [before] + rows, outputs: [ValueInfo(after, state), ValueInfo(y, rows[0].type)])
  }
}
