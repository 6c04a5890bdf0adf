import PareGraph
import PareTensor

/// Before opset 18 the axes of a reduction (but ReduceSum, before 13) were an attribute; without it, all of them.
protocol ReduceAxesConversion: NodeImport {}

extension ReduceAxesConversion {
  package static var opsets: ClosedRange<Int> { 7...17 }

  package static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    var newer = node.node
    if let axes = try newer.ints("axes") {
      newer.attributes["axes"] = nil
      newer.inputs.append(try context.builder.constant(Tensor(axes.map(Int64.init)), named: "\(node.name).axes"))
    }
    try context.builder.append(newer)
  }
}

enum ReduceL1Axes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceL1" }
enum ReduceL2Axes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceL2" }
enum ReduceLogSumAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceLogSum" }
enum ReduceLogSumExpAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceLogSumExp" }
enum ReduceMaxAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceMax" }
enum ReduceMeanAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceMean" }
enum ReduceMinAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceMin" }
enum ReduceProdAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceProd" }
enum ReduceSumSquareAxes: ReduceAxesConversion { static let operatorName: OperatorName = "ReduceSumSquare" }
