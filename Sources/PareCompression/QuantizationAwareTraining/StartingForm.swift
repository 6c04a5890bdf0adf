import PareGraph
import PareTensor
import PareTraining

/// A model quantized by rounding in the standard form: what training with fake quantization starts from.
struct StartingForm {
  let graph: Graph
  /// Recurrent layers that are to become integers.
  let recurrentLayers: [Node]
  /// What their weights become.
  let recurrentWeights: RecurrentWeights
  private let layers: [WeightTensor]

  /// Operators whose weights and inputs become integers.
  private static let quantizable: Set<OperatorName> = ["Gemm", "MatMul", "Conv"]

  init(
    _ real: Graph, precision: QuantizationAwareTraining.Precision, layers selector: LayerSelector,
    recurrent form: Quantization.RecurrentForm, calibration: Calibration, in context: CompressionContext
  ) throws {
    layers = try selector.weights(of: real)
    var graph = real
    let technique = QuantizationAwareTraining.name
    _ = try context.trainingRows(for: technique)
    for layer in layers { _ = try real.weights(of: layer) }
    let products = layers.filter { Self.quantizable.contains($0.node.operatorName) }.map(\.name)
    var seen: Set<String> = []
    recurrentLayers = form == .float
      ? [] : layers.map(\.node).filter { RecurrentQuantization.applies(to: $0, in: real) && seen.insert($0.name).inserted }
    recurrentWeights = precision == .int4 ? .int4(blockSize: 32) : .int8
    guard !products.isEmpty || !recurrentLayers.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(real.name)'", expected: "at least one selected layer that can have integers",
        found: layers.map(\.label).joined(separator: ", "))
    }
    var calibrating = context
    calibrating.progress = { step in
      context.progress(CompressionProgress(technique: technique, activity: step.activity, fraction: 0))
    }
    if !products.isEmpty {
      graph = try Quantization(precision == .int4 ? .int4 : .int8, calibration: calibration, layers: .named(products), recurrent: form)
        .compress(Model(graph: real), in: calibrating).model.graph
    }
    self.graph = graph
  }

  /// What became of each selected layer.
  ///
  /// - Parameters:
  ///   - graph: the standard form after training.
  ///   - manner: how its weights came about.
  func reports(of graph: Graph, real: Graph, manner: String) -> [LayerReport] {
    layerReports(of: graph, real: real, manner: manner) + scans.map { scan in
      LayerReport(layer: scan.name, outcome: "\(manner) with rounded inputs; all in integers, as \(QuantizedSelectiveScan.name)")
    }
  }

  /// Scans that are to become integers.
  var scans: [Node] { graph.nodes.filter { $0.operatorName == SelectiveScan.name && $0.attributes["state_scale"] != nil } }

  private func layerReports(of graph: Graph, real: Graph, manner: String) -> [LayerReport] {
    layers.map { layer in
      if recurrentLayers.contains(where: { $0.name == layer.name }) {
        let integers = recurrentWeights == .int8 ? "int8 weights" : "int4 weights in groups of 32"
        return LayerReport(
          layer: layer.label, outcome: "\(manner) as \(integers); all in integers, as pare.Quantized\(layer.node.operatorName)")
      }
      guard Self.quantizable.contains(layer.node.operatorName),
        let weights = QuantizedWeightTensor(ofLayer: layer.name, in: graph)
      else { return LayerReport(layer: layer.label, outcome: "left in Float32: \(reason(layer))") }
      let before = QuantizedWeightTensor.oriented(real, layer.name, like: weights)?.doubles
      return LayerReport(
        layer: layer.label, outcome: "\(manner) as \(weights.elementType.rawValue) weights, stored as \(weights.storage.words)",
        weightError: before.map { ErrorMeasure(of: weights.decoded, against: $0) },
        figures: ["bytes": Double(weights.storage.byteCount)])
    }
  }

  private func reason(_ layer: WeightTensor) -> String {
    ["LSTM", "GRU"].contains(layer.node.operatorName)
      ? "recurrent layers were not asked for, or are of a kind without an integer form"
      : "\(layer.node.operatorName) has no form for this"
  }
}
