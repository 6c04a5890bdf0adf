import CPareKernels
import PareGraph
import PareTensor

/// Trees whose leaves' weights are added up or averaged, for one row of Float32 or several, and base values added to them or not.
///
/// Has a form where every question is an order (≤, <, ≥, >), no two branches meet again, features are fewer than 2^15 and
/// the nodes below one lie within 2^16 nodes of it, level by level. Others are left to the reference.
struct TreeEnsembleStep: StepKind {
  var featureCount: Int
  var targetCount: Int
  var forest: FlatForest
  var divisor: Float
  var bias: [Float]?

  static let operators: [OperatorName] = [TreeEnsemble.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let type = graph.rows(node.inputs[0]), let y = graph.types[node.outputs[0]],
      let targets = graph.types[node.outputs[0]]?.shape[1],
      let aggregate = TreeEnsemble.Aggregate(rawValue: try node.string("aggregate_function", default: TreeEnsemble.Aggregate.sum.rawValue)),
      aggregate == .sum || aggregate == .average,
      let structure = try TreeStructure<Float>(
        node, constants: node.inputs.enumerated().map { $0.offset == 0 ? nil : graph.constant($0.element) }, targetCount: targets)
    else { return nil }
    try structure.check(node, featureCount: type.shape[1])
    guard let forest = FlatForest(structure, featureCount: type.shape[1]) else { return nil }
    let divisor = aggregate == .average ? Float(max(structure.roots.count, 1)) : 1
    var step = TreeEnsembleStep(
      featureCount: type.shape[1], targetCount: targets, forest: forest, divisor: divisor)
    var nodes = [node]
    if let add = graph.soleConsumer(of: node.outputs[0]), add.operatorName == "Add",
      graph.types[add.outputs[0]] == graph.types[node.outputs[0]],
      let bias = graph.row(add.inputs[add.inputs[0] == node.outputs[0] ? 1 : 0], count: targets)
    {
      step.bias = bias
      nodes.append(add)
    }
    return PlannedStep(
      EachRowStep.wrapping(step, from: type, to: y), nodes: nodes, inputs: [node.inputs[0]],
      outputs: [nodes[nodes.count - 1].outputs[0]])
  }

  /// The depths of the blocks of trees that are walked together.
  func extent(_ kernels: KernelSelection) -> StepExtent? { .elements(forest.steps.reduce(0) { $0 + Int($1) }) }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_tree_ensemble) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    var operands = pare_tree_ensemble()
    operands.features = Int32(featureCount)
    operands.trees = Int32(forest.roots.count)
    operands.targets = Int32(targetCount)
    operands.nodes = site.pool.place(forest.nodes, paddedTo: forest.nodes.count, with: 0)
    operands.roots = site.pool.place(forest.roots, paddedTo: forest.roots.count, with: 0)
    operands.steps = site.pool.place(forest.steps, paddedTo: forest.steps.count, with: 0)
    operands.offsets = site.pool.place(forest.offsets, paddedTo: forest.offsets.count, with: 0)
    operands.entry_targets = site.pool.place(forest.entryTargets, paddedTo: 1, with: 0)
    operands.entry_weights = site.pool.place(forest.entryWeights, paddedTo: 1, with: 0)
    operands.divisor = divisor
    operands.bias = bias.flatMap { site.pool.place($0, paddedTo: Tiles.padded(targetCount), with: 0) }
    return site.pool.place(operands)
  }
}
