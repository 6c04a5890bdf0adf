import CPareKernels
import PareGraph
import PareTensor

/// Sums of bytes by signed weights in Int32, with an Add of a constant per output after them: what a quantized layer adds
/// up of rows that came before. Equal to the reference to the bit.
struct IntegerSumsStep: StepKind {
  private var groups = 1
  private let channels: Int
  private let filters: Int
  private let length: Int
  private let rows: Int
  private let taps: Int
  private var stride = 1
  private var dilation = 1
  private var begin = 0
  private let zeroPoint: UInt8
  /// `[groups, filters, channels, taps]`.
  private let weights: [Int8]
  private var bias: [Int32]

  static let operators: [OperatorName] = ["ConvInteger", "MatMulInteger"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.types[node.inputs[0]]?.elementType == .uint8, !graph.isParameter(node.inputs[0]), node.input(3) == nil,
      let weight = graph.constant(node.inputs[1]), weight.elementType == .int8
    else { return nil }
    var zeroPoint: UInt8 = 0
    if let name = node.input(2) {
      guard let given = graph.constant(name)?.values(as: UInt8.self), given.count == 1 else { return nil }
      zeroPoint = given[0]
    }
    let x = graph.shape(node.inputs[0])
    guard var step = node.operatorName == "ConvInteger"
      ? try Self(convolution: node, x, weight, zeroPoint) : Self(product: x, weight, zeroPoint)
    else { return nil }
    var nodes = [node]
    if let add = graph.soleConsumer(of: node.outputs[0]), add.operatorName == "Add",
      let bias = graph.constant(add.inputs[add.inputs[0] == node.outputs[0] ? 1 : 0]), bias.elementCount == step.bias.count,
      graph.shape(add.outputs[0]) == graph.shape(node.outputs[0]),
      bias.shape.dimensions == (node.operatorName == "ConvInteger" ? [step.bias.count, 1] : [step.bias.count])
    {
      step.bias = bias.values()
      nodes.append(add)
    }
    return PlannedStep(step, nodes: nodes, inputs: [node.inputs[0]], outputs: nodes[nodes.count - 1].outputs)
  }

  private init?(convolution node: Node, _ x: Shape, _ weight: Tensor, _ zeroPoint: UInt8) throws {
    let problem = try Conv.problem(node, x: x, w: weight.shape)
    guard problem.batch == 1, problem.geometry.axes.count == 1 else { return nil }
    let axis = problem.geometry.axes[0]
    (groups, channels, filters) = (problem.groups, problem.channels, problem.filters)
    (length, rows, taps) = (axis.input, axis.output, axis.kernel)
    (stride, dilation, begin) = (axis.stride, axis.dilation, axis.padBegin)
    (self.zeroPoint, weights, bias) = (zeroPoint, weight.values(), [Int32](repeating: 0, count: groups * filters))
  }

  /// Of one row, by weights `[inputs, outputs]`.
  private init?(product x: Shape, _ weight: Tensor, _ zeroPoint: UInt8) {
    guard weight.shape.rank == 2, x.elementCount == weight.shape[0] else { return nil }
    (channels, filters, length, rows, taps) = (weight.shape[0], weight.shape[1], 1, 1, 1)
    let given: [Int8] = weight.values()
    let (inputs, outputs) = (channels, filters)
    weights = (0..<outputs).flatMap { output in (0..<inputs).map { given[$0 * outputs + output] } }
    (self.zeroPoint, bias) = (zeroPoint, [Int32](repeating: 0, count: filters))
  }

  var scratchByteCount: Int { filters * 4 }

  func kernel(_ kernels: KernelSelection) -> StepKernel { StepKernel(name: "integer_sums", run: pare_step_integer_sums) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let terms = channels * taps
    let packed = site.pool.place(groups * terms * filters, of: Int16.self) { packed in
      for group in 0..<groups {
        for term in 0..<terms {
          for filter in 0..<filters {
            packed[(group * terms + term) * filters + filter] = Int16(weights[(group * filters + filter) * terms + term])
          }
        }
      }
    }
    return site.pool.place(
      pare_integer_sums(
        groups: groups, channels: channels, filters: filters, length: length, rows: rows, taps: taps, stride: stride,
        dilation: dilation, begin: begin, zero_point: Int32(zeroPoint), weights: packed,
        bias: site.pool.place(bias, paddedTo: bias.count, with: 0), scratch: site.scratch))
  }
}
