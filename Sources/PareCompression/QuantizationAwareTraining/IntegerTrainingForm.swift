import PareGraph
import PareTraining

/// Layers whose weights become integers: products and convolutions in the standard form (`FakeQuantizedForm`), recurrent
/// layers all in integers (`RecurrentForm`).
struct IntegerTrainingForm: QuantizedForm {
  let graph: Graph
  private let start: StartingForm
  private let products: FakeQuantizedForm
  private let recurrent: RecurrentForm
  private let real: Graph
  private let calibration: Calibration
  private let rows: TrainingData

  init(
    _ start: StartingForm, real: Graph, learnsScales: Bool, _ calibration: Calibration, in context: CompressionContext
  ) throws {
    self.start = start
    self.real = real
    self.calibration = calibration
    rows = try context.trainingRows(for: QuantizationAwareTraining.name)
    products = try FakeQuantizedForm(start.graph, real: real, learnsScales: learnsScales)
    recurrent = try RecurrentForm(
      products.graph, layers: start.recurrentLayers, weights: start.recurrentWeights, learnsScales: learnsScales,
      calibration: calibration, rows: rows)
    graph = recurrent.graph
  }

  var logarithms: [String] { products.logarithms + recurrent.logarithms }

  func deployed(_ trained: Graph) throws -> Graph {
    let standard = try withStateScales(products.standardForm(of: trained), observing: trained)
    return try recurrent.deployed(standard, trained: trained, calibration: calibration, rows: rows)
  }

  /// The states of scans, observed anew on the training part: training moved them.
  private func withStateScales(_ standard: Graph, observing trained: Graph) throws -> Graph {
    guard !start.scans.isEmpty else { return standard }
    var (result, observed) = (standard, trained)
    let traces = try ScanTraces.add(for: start.scans, to: &observed)
    let records = try ActivationObserver.observe(
      ObservationRequest(ranges: Set(traces.values.flatMap { $0 })), of: observed, rows: rows, progress: { _ in })
    for index in result.nodes.indices {
      let node = result.nodes[index]
      guard let values = traces[node.name], let form = ScanForm(node, in: result, integers: nil), let x = result.affineMap(of: form.x),
        let b = result.affineMap(of: form.b)
      else { continue }
      let scale = form.stateScale(x: x, b: b, greatest: records.greatestMagnitude(of: values))
      result.nodes[index].attributes["state_scale"] = .float(Double(scale))
    }
    return result
  }

  func reports(of graph: Graph, manner: String) -> [LayerReport] { start.reports(of: graph, real: real, manner: manner) }
}

extension Graph {
  /// How the codes behind a DequantizeLinear are mapped.
  fileprivate func affineMap(of value: String) -> AffineMap? {
    guard let node = producer(of: value), node.operatorName == "DequantizeLinear",
      let scale = parameters[node.inputs[1]]?.storage.decoded().doubles.first
    else { return nil }
    let zeroPoint = node.input(2).flatMap { parameters[$0] }?.storage.decoded().doubles.first ?? 0
    return AffineMap(scale: Float(scale), zeroPoint: Int(zeroPoint))
  }
}
