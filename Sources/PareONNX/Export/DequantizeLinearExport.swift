import PareGraph
import PareTensor

/// `DequantizeLinear` of Int8 weights with its zero points written out, where a graph leaves them at 0.
///
/// The meaning is the same, but onnxruntime (1.31) sums a Gemm in integers only where it finds them.
/// `DequantizeLinearImport` leaves them out again.
enum DequantizeLinearExport: NodeExport {
  static let operatorName = DequantizeLinear.name

  static func export(_ node: Node, in context: inout ExportContext) throws {
    var written = node
    if node.input(2) == nil, let weights = context.parameters[node.inputs[0]]?.storage, weights.elementType == .int8,
      let scales = context.parameters[node.inputs[1]]?.storage
    {
      let zeros = Tensor(zeros: .int8, shape: scales.shape)
      written.inputs = [node.inputs[0], node.inputs[1], context.constant(zeros, named: "\(node.inputs[0]).zero_point")]
    }
    context.append(written)
  }
}
