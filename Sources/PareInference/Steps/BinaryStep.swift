import CPareKernels
import PareGraph
import PareTensor

/// Two operands, broadcast; equal to the reference to the bit.
struct BinaryStep: StepKind {
  private let name: String
  private let path: KeyPath<pare_elementwise_kernels, pare_binary_f32?> & Sendable
  private let axes: BroadcastAxes

  private static let paths: [OperatorName: KeyPath<pare_elementwise_kernels, pare_binary_f32?> & Sendable] = [
    "Add": \.add, "Sub": \.subtract, "Mul": \.multiply, "Div": \.divide, "Max": \.maximum, "Min": \.minimum,
  ]

  static let operators: [OperatorName] = ["Add", "Sub", "Mul", "Div", "Max", "Min"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.inputs.count == 2, graph.areFloat32(node.inputs + node.outputs), let path = paths[node.operatorName],
      let axes = BroadcastAxes(node.inputs.map(graph.shape), result: graph.shape(node.outputs[0]))
    else { return nil }
    return PlannedStep(
      BinaryStep(name: node.operatorName.type.lowercased(), path: path, axes: axes), nodes: [node], inputs: node.inputs,
      outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step(name, pare_step_binary) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_binary_step(
        function: site.passes.tables.elementwise.pointee[keyPath: path], a: site.inputs[0], b: site.inputs[1],
        a_walk: axes.walk(0), b_walk: axes.walk(1), outer0: axes.extents[0], outer1: axes.extents[1],
        outer2: axes.extents[2], rows: axes.extents[3], columns: axes.extents[4]))
  }
}

/// Where: one operand where a condition holds, the other elsewhere, broadcast.
struct ChoiceStep: StepKind {
  private let axes: BroadcastAxes

  static let operators: [OperatorName] = ["Where"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.types[node.inputs[0]]?.elementType == .bool, graph.areFloat32(node.inputs.dropFirst() + node.outputs),
      let axes = BroadcastAxes(node.inputs.map(graph.shape), result: graph.shape(node.outputs[0]))
    else { return nil }
    return PlannedStep(ChoiceStep(axes: axes), nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("where", pare_step_choose) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_choose_step(
        function: site.passes.tables.elementwise.pointee.choose, condition: site.inputs[0], a: site.inputs[1],
        b: site.inputs[2], condition_walk: axes.walk(0), a_walk: axes.walk(1), b_walk: axes.walk(2),
        outer0: axes.extents[0], outer1: axes.extents[1], outer2: axes.extents[2], rows: axes.extents[3],
        columns: axes.extents[4]))
  }
}
