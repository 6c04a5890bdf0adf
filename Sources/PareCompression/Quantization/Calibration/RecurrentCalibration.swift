import PareGraph
import PareTensor
import PareTraining

/// What the values around recurrent layers reach on the training part, for their integer forms.
enum RecurrentCalibration {
  /// - Parameters:
  ///   - layers: nodes for which `RecurrentQuantization.applies`.
  ///   - calibration: of the layers' inputs; states and cells are covered from the least to the greatest.
  ///   - grid: what the input of a node, by its name, is mapped onto.
  /// - Throws: as `ActivationObserver`.
  static func ranges(
    of layers: [Node], in graph: Graph, rows: TrainingData, calibration: Calibration,
    grid: (String) -> ActivationGrid, progress: (Double) -> Void
  ) throws -> [String: RecurrentRanges] {
    var names = NameScope(graph)
    var observed = graph
    var traces: [String: String] = [:]
    for index in observed.nodes.indices where layers.contains(where: { $0.name == observed.nodes[index].name }) {
      let node = observed.nodes[index]
      for output in node.outputs.indices where node.outputs[output].isEmpty {
        observed.nodes[index].outputs[output] = names.fresh("\(node.name).output\(output)")
      }
      guard node.operatorName == "LSTM" else { continue }
      // The traced form of an LSTM yields its gates, which lie within 1, and its cells.
      observed.nodes[index].operatorName = TracedLSTM.name
      while observed.nodes[index].outputs.count < 4 {
        observed.nodes[index].outputs.append(names.fresh("\(node.name).output\(observed.nodes[index].outputs.count)"))
      }
      traces[node.name] = observed.nodes[index].outputs[3]
    }
    let byName = Dictionary(observed.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let values = layers.flatMap { layer in
      [layer.inputs[0], byName[layer.name]?.outputs[0], traces[layer.name]].compactMap { $0 }
    }
    let records = try ActivationObserver.observe(
      ObservationRequest(ranges: Set(values), regimes: calibration.regimes), of: observed, rows: rows, progress: progress
    ).records
    func magnitude(_ value: String?) -> Float? {
      value.flatMap { records[$0] }.map { record in
        let histogram = record.whole.histogram
        return Float(max(histogram.minimum.magnitude, histogram.maximum.magnitude))
      }
    }
    var ranges: [String: RecurrentRanges] = [:]
    for layer in layers {
      guard let input = records[layer.inputs[0]] else { continue }
      let map = grid(layer.name).map(covering: input.range(by: calibration, onto: grid(layer.name)))
      ranges[layer.name] = RecurrentRanges(
        inputScale: map.scale, inputZeroPoint: UInt8(clamping: map.zeroPoint),
        cell: magnitude(traces[layer.name]) ?? 1, state: magnitude(byName[layer.name]?.outputs[0]) ?? 1)
    }
    return ranges
  }
}
