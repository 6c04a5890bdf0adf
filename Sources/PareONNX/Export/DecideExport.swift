import PareGraph
import PareTensor

/// `pare.Decide` by comparisons: the difference of two conditions, as int8.
enum DecideExport: NodeExport {
  static let operatorName = Decide.name

  static func export(_ node: Node, in context: inout ExportContext) throws {
    let probabilities = node.inputs[0]
    let type = try context.type(of: probabilities)
    func apply(_ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> String {
      context.apply(operatorName, inputs, attributes, for: node)
    }
    let classes = type.dimensions.last?.fixedValue ?? 0
    let first = context.constant(Tensor(scalar: Int64(0)), named: "\(node.name)/first")
    let last = context.constant(Tensor(scalar: Int64(classes - 1)), named: "\(node.name)/last")
    let second = context.constant(Tensor(scalar: Int64(1)), named: "\(node.name)/second")
    let classAxis = context.constant(Tensor([Int64(-1)]), named: "\(node.name)/axis")

    let short = apply("Gather", [probabilities, first], ["axis": .int(-1)])
    let long = apply("Gather", [probabilities, last], ["axis": .int(-1)])
    let isShort = apply("GreaterOrEqual", [short, apply("Gather", [node.inputs[1], first], ["axis": .int(0)])])
    let isLong = apply("GreaterOrEqual", [long, apply("Gather", [node.inputs[1], second], ["axis": .int(0)])])

    let float = Attribute.int(ElementType.float32.onnxDataType)
    let flags = apply("Cast", [apply("IsNaN", [probabilities])], ["to": float])
    let flag = apply("ReduceMax", [flags, classAxis], ["keepdims": .int(0)])
    let isValid = apply("Not", [apply("Cast", [flag], ["to": .int(ElementType.bool.onnxDataType)])])

    func wins(_ eligible: String, over other: String, _ mine: String, _ theirs: String) -> String {
      let isAlone = apply("Or", [apply("Not", [other]), apply("Greater", [mine, theirs])])
      let decision = apply("And", [apply("And", [eligible, isAlone]), isValid])
      return apply("Cast", [decision], ["to": .int(ElementType.int32.onnxDataType)])
    }
    let difference = apply("Sub", [wins(isLong, over: isShort, long, short), wins(isShort, over: isLong, short, long)])
    _ = context.apply(
      "Cast", [difference], ["to": .int(ElementType.int8.onnxDataType)], for: node, output: node.outputs[0])
  }
}
