import PareGraph
import PareTensor

/// `pare.QuantizeByReciprocal` by a multiplication, a rounding to even and a clamp, in the type of X.
enum QuantizeByReciprocalExport: NodeExport {
  static let operatorName = QuantizeByReciprocal.name

  static func export(_ node: Node, in context: inout ExportContext) throws {
    let type = try context.type(of: node.inputs[0]).elementType
    func apply(_ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> String {
      context.apply(operatorName, inputs, attributes, for: node)
    }
    func scalar(_ value: Float, _ name: String) -> String {
      let tensor = type == .float64 ? Tensor(scalar: Double(value)) : Tensor(scalar: value)
      return context.constant(tensor, named: "\(node.name)/\(name)")
    }
    let zero = scalar(0, "zero")
    let zeroPoint = apply("Cast", [node.inputs[2]], ["to": .int(type.onnxDataType)])
    let scaled = apply("Mul", [node.inputs[0], node.inputs[1]])
    let valid = apply("Where", [apply("IsNaN", [scaled]), zero, scaled])
    let clamped = apply("Clip", [valid, apply("Sub", [zero, zeroPoint]), apply("Sub", [scalar(255, "greatest"), zeroPoint])])
    let shifted = apply("Add", [apply("Round", [clamped]), zeroPoint])
    _ = context.apply("Cast", [shifted], ["to": .int(ElementType.uint8.onnxDataType)], for: node, output: node.outputs[0])
  }
}
