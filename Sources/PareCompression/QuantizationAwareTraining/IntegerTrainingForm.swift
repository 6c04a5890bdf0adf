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
    try recurrent.deployed(products.standardForm(of: trained), trained: trained, calibration: calibration, rows: rows)
  }

  func reports(of graph: Graph, manner: String) -> [LayerReport] { start.reports(of: graph, real: real, manner: manner) }
}
