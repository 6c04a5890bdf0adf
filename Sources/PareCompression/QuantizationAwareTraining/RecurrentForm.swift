import PareGraph
import PareTensor
import PareTraining

/// LSTM and GRU layers with the rounding of their integer weights in training, and `pare.QuantizedLSTM` and
/// `pare.QuantizedGRU` afterwards.
///
/// Each row of W and of R is rounded to the 255 integers of its own scale `max |w| / 127`, taken anew in every step, as
/// `RecurrentQuantization` takes it. Inputs, states, cells and gates are real while training, and rounded only afterwards.
struct RecurrentForm {
  /// The layers' nodes.
  let layers: [Node]

  /// - Parameter selected: of these, what has no integer form is left out.
  init(_ graph: Graph, selected: [WeightTensor]) {
    var seen: Set<String> = []
    layers = selected.map(\.node).filter { RecurrentQuantization.applies(to: $0, in: graph) && seen.insert($0.name).inserted }
  }

  /// Puts `pare.FakeQuantize` on the layers' weights.
  func training(_ graph: Graph) throws -> Graph {
    var result = graph
    var names = NameScope(graph)
    func constant(_ tensor: Tensor, _ stem: String) -> String {
      let name = names.fresh(stem)
      result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
      return name
    }
    for layer in layers {
      for input in [1, 2] {
        guard let index = result.nodes.firstIndex(where: { $0.name == layer.name }),
          let shape = layer.input(input).flatMap({ graph.parameters[$0] })?.storage.shape, shape.rank == 3
        else { continue }
        let weight = layer.inputs[input]
        var nodes: [Node] = []
        func apply(_ operatorName: OperatorName, _ inputs: [String], _ stem: String, _ attributes: [String: Attribute] = [:]) -> String {
          let name = names.fresh("\(weight).\(stem)")
          nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: [name], attributes: attributes))
          return name
        }
        let greatest = apply(
          "ReduceMax", [apply("Abs", [weight], "magnitudes"), constant(Tensor([2] as [Int64]), "\(weight).axis")], "greatest")
        let step = apply("Mul", [greatest, constant(Tensor(scalar: Float(1.0 / 127)), "\(weight).share")], "step")
        // A row of zeros needs a scale all the same.
        let scale = apply("Max", [step, constant(Tensor(scalar: Float(0x1p-100)), "\(weight).least")], "scale")
        let rounded = apply(
          FakeQuantize.name, [weight, scale], "rounded",
          [
            "axis": .int(2), "block_size": .int(max(shape[2], 1)), "lowest": .int(-127), "highest": .int(127),
            "gradient_scale": .float(0),
          ])
        result.nodes[index].inputs[input] = rounded
        result.nodes.insert(contentsOf: nodes, at: index)
      }
    }
    _ = try result.inferredTypes()
    return result
  }

  /// - Parameters:
  ///   - graph: the trained model with Float32 layers.
  ///   - observed: what ranges are observed on: the graph as it was trained, on rounded weights.
  func deployed(_ graph: Graph, observed: Graph, calibration: Calibration, rows: TrainingData) throws -> Graph {
    guard !layers.isEmpty else { return graph }
    let nodes = layers.compactMap { layer in observed.nodes.first { $0.name == layer.name } }
    let ranges = try RecurrentCalibration.ranges(
      of: nodes, in: observed, rows: rows, calibration: calibration, grid: { _ in ActivationGrid(.asymmetric(.perTensor)) }, progress: { _ in })
    return try RecurrentQuantization.quantize(graph, ranges)
  }
}
