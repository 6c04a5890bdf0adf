import CPareKernels
import PareGraph

/// The signs of a row of numbers or of several, as bits.
struct PackSignsStep: StepKind {
  var count: Int

  static let operators: [OperatorName] = [PackSigns.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let x = graph.rows(node.inputs[0]), let bits = graph.types[node.outputs[0]] else { return nil }
    return PlannedStep(
      EachRowStep.wrapping(PackSignsStep(count: x.shape[1]), from: x, to: bits), nodes: [node],
      inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_pack_signs) }

  func pack(at site: StepSite) -> UnsafeRawPointer? { site.pool.place(pare_pack_signs(count: Int32(count))) }
}

/// A layer on packed signs of one row or several, to numbers or to signs again.
struct BinaryDenseStep: StepKind {
  var layer: BinaryDense.Layer
  var packs: Bool

  static let operators: [OperatorName] = [BinaryDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let bits = graph.types[node.inputs[0]], bits.elementType == .uint8, bits.shape[0] > 0,
      !graph.isParameter(node.inputs[0]), let y = graph.types[node.outputs[0]]
    else { return nil }
    let layer = try BinaryDense.Layer(node) { graph.constant(node.inputs[$0]) }
    let step = BinaryDenseStep(layer: layer, packs: try node.int("packs", default: 0) != 0)
    return PlannedStep(
      EachRowStep.wrapping(step, from: bits, to: y), nodes: [node], inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func keepsStorage(_ kernels: KernelSelection) -> Bool { true }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(inputs: layer.inputCount, outputs: layer.outputCount, formOf: .dense)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.kernel(packs ? pare_operation_dense_binary_bits : pare_operation_dense_binary_f32)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    let padded = Tiles.padded(outputs)
    let limits = packs ? (0..<outputs).map(layer.limit) : []
    let signs = (0..<outputs).flatMap { output in
      layer.isPositive[output * inputs..<(output + 1) * inputs].map { isPositive -> UInt8 in
        isPositive != (packs && limits[output].negatesWeights) ? 1 : 0
      }
    }
    var operands = pare_dense_binary()
    operands.inputs = Int32(inputs)
    operands.words = Int32(pare_sign_words(inputs))
    operands.tiles = Int32(Tiles.count(outputs))
    operands.weights = site.pool.place(padded * pare_sign_words(inputs), of: UInt32.self) { packed in
      pare_dense_binary_pack(signs, outputs, inputs, packed)
    }
    if packs {
      operands.limit = site.pool.place(limits.map { Int32($0.limit) }, paddedTo: padded, with: -1)
    } else {
      operands.scale = site.pool.place(layer.scales, paddedTo: padded, with: 0)
      operands.bias = site.pool.place(layer.bias, paddedTo: padded, with: 0)
    }
    return site.pool.place(operands)
  }
}
