import PareCompression
import PareGraph
import PareTensor
import PareTraining

/// How far a compressed model's numbers are from its original's, layer by layer and at the outputs, on the same rows.
///
/// Both run in the floating-point reading, in which a quantized layer's input and output are real numbers.
public struct ModelErrors: Sendable, Encodable {
  /// One output of both models.
  public struct Output: Sendable, Encodable {
    public let name: String
    /// Each column's mean over the rows, as the original has it, taken off both: what varies is what decides.
    public let error: ErrorMeasure
  }

  /// Layers that are quantized in the one and real in the other.
  public let layers: [QuantizationAnalysis]
  /// Floating-point outputs that both have.
  public let outputs: [Output]

  /// - Parameters:
  ///   - inputs: as `ModelCompression.run` takes them.
  /// - Throws: an error that names the tensor that does not fit, or says that the models share no output.
  public init(_ model: Model, against original: Model, inputs: [String: Tensor]) throws {
    let rows = try ModelRows(inputs, labels: nil, for: model.graph, option: "--rows").data
    layers = try QuantizationAnalysis.layers(of: model.graph, against: original.graph, rows: rows)
    let own = Set(model.graph.outputs.map(\.name))
    let shared = original.graph.outputs.filter { own.contains($0.name) && $0.type.elementType == .float32 }.map(\.name)
    guard !shared.isEmpty else {
      throw EvaluationError(
        "outputs", subject: "--errors", expected: "a model with one of the outputs " + own.sorted().joined(separator: ", "),
        found: original.graph.outputs.map(\.name).joined(separator: ", "))
    }
    let reference = try Scorer(original.graph, outputs: shared).run(rows)
    let approximation = try Scorer(model.graph, outputs: shared).run(rows)
    outputs = shared.compactMap { name in
      guard let r = reference[name], let a = approximation[name], r.shape == a.shape else { return nil }
      let columns = r.elementCount / max(r.shape.dimensions.first ?? 1, 1)
      return Output(name: name, error: ErrorMeasure(ofOutputs: a.doubles, against: r.doubles, columns: columns))
    }
  }
}
