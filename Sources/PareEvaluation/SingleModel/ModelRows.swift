import PareGraph
import PareTensor
import PareTraining

/// Rows for a model that stands alone: its inputs by name, and what is to be learned of each row.
struct ModelRows {
  let data: TrainingData

  /// - Parameters:
  ///   - inputs: under an empty name that of the only input.
  ///   - labels: integers become class indices (int64), floating-point numbers targets (float32).
  ///   - option: what messages call the files.
  /// - Throws: an error that names the tensor that does not fit the graph.
  init(_ inputs: [String: Tensor], labels: Tensor?, for graph: Graph, option: String) throws {
    var tensors = inputs
    if let only = tensors.removeValue(forKey: "") {
      guard graph.inputs.count == 1, tensors.isEmpty else {
        throw EvaluationError(
          "input", subject: option, expected: "NAME=FILE for each of " + graph.inputs.map(\.name).joined(separator: ", "),
          found: "a file without a name", category: .usage)
      }
      tensors[graph.inputs[0].name] = only
    }
    for input in graph.inputs {
      guard let tensor = tensors[input.name] else {
        throw EvaluationError(
          "input", subject: "\(option): input '\(input.name)'", expected: "\(input.type)",
          found: tensors.isEmpty ? "none" : "only " + tensors.keys.sorted().joined(separator: ", "), category: .usage)
      }
      let extents = zip(tensor.shape.dimensions, input.type.dimensions).dropFirst()
      guard tensor.elementType == input.type.elementType, tensor.shape.rank == input.type.rank, tensor.shape.rank > 0,
        extents.allSatisfy({ $1.fixedValue == nil || $1.fixedValue == $0 })
      else {
        throw EvaluationError(
          "input", subject: "\(option): input '\(input.name)'", expected: "\(input.type)",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
    }
    tensors = tensors.filter { name, _ in graph.inputs.contains { $0.name == name } }
    if let labels { tensors["labels"] = labels.asTargets }
    data = try TrainingData(tensors)
  }
}

extension TrainingData {
  /// The first rows, and the last ones, which only stop training early; rows are in order of time.
  func split(validationShare: Double) throws -> (training: TrainingData, validation: TrainingData?) {
    guard validationShare >= 0, validationShare < 1 else {
      throw EvaluationError(
        "share", subject: "--validation-share", expected: "a share in 0 ..< 1", found: "\(validationShare)", category: .usage)
    }
    let cut = rowCount - Int(Double(rowCount) * validationShare)
    return (rows(0..<cut), cut < rowCount ? rows(cut..<rowCount) : nil)
  }
}

extension Tensor {
  fileprivate var asTargets: Tensor {
    if elementType.isFloatingPoint {
      return elementType == .float32 ? self : Tensor(doubles.map { Float($0) }, shape: shape)
    }
    return elementType == .int64 ? self : Tensor(doubles.map { Int64($0) }, shape: shape)
  }
}
