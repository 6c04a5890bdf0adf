import PareGraph
import PareTensor
import PareTraining

/// The standard form of convolutions: int8 filters with a scale each, uint8 inputs with one.
enum ConvolutionQuantization {
  /// - Parameters:
  ///   - layers: convolutions of the graph with Float32 filters.
  ///   - real: the graph that ranges are observed on; it has the layers' inputs under the same names.
  static func quantize(
    _ graph: Graph, _ layers: [WeightTensor], calibration: Calibration, observing real: Graph, in context: CompressionContext
  ) throws -> Graph {
    let rows = try context.trainingRows(for: QuantizationAwareTraining.name)
    let histograms = try ActivationObserver.observe(layers.map { $0.node.inputs[0] }, of: real, rows: rows) {
      context.progress(CompressionProgress(technique: QuantizationAwareTraining.name, activity: "calibrating", fraction: $0))
    }
    let maps = histograms.mapValues { AffineMap(covering: calibration.range(of: $0), symmetry: .asymmetric) }
    var rewrite = Rewrite(graph)
    for layer in layers {
      guard let map = maps[layer.node.inputs[0]] else { continue }
      rewrite.quantize(layer, weights: try graph.weights(of: layer), input: map)
    }
    let result = rewrite.finish()
    _ = try result.inferredTypes()
    return result
  }

  private struct Rewrite {
    private var graph: Graph
    private var names: NameScope
    private var insertions: [String: [Node]] = [:]
    /// The value behind the pair of a real one.
    private var dequantized: [String: String] = [:]

    init(_ graph: Graph) {
      self.graph = graph
      names = NameScope(graph)
    }

    mutating func quantize(_ layer: WeightTensor, weights: [Float], input map: AffineMap) {
      let filters = layer.shape[0]
      let size = layer.shape.elementCount / max(filters, 1)
      let bias = layer.node.input(2).flatMap { graph.parameters[$0] }?.storage.decoded().doubles ?? []
      let scales = (0..<filters).map { filter -> Float in
        let greatest = weights[filter * size..<(filter + 1) * size].reduce(Float(0)) { max($0, $1.magnitude) }
        let least = bias.indices.contains(filter) ? bias[filter].magnitude / (Double(map.scale) * 0x1p30) : 0
        return greatest > 0 ? AffineMap.scale(max(Double(greatest) / 127, least)) : 1
      }
      let integers = weights.enumerated().map { position, weight in
        Int8(min(max((Double(weight) / Double(scales[position / size])).rounded(.toNearestOrEven), -127), 127))
      }
      let isFree = graph.consumers(of: layer.weight).count == 1
      let weight = isFree ? layer.weight : names.fresh("\(layer.weight).int8")
      graph.parameters[weight] = Parameter(.smallest(of: Tensor(integers, shape: layer.shape)), isTrainable: false)
      let scale = constant(Tensor(scales), "\(layer.weight).scale")
      let real = names.fresh("\(layer.weight).dq")
      let x = dequantized[layer.node.inputs[0]] ?? pair(on: layer.node.inputs[0], map, before: layer.name)
      insertions[layer.name, default: []].append(
        Node("DequantizeLinear", name: real, inputs: [weight, scale], outputs: [real], attributes: ["axis": .int(0)]))
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer.name }) else { return }
      graph.nodes[index].inputs[0] = x
      graph.nodes[index].inputs[1] = real
    }

    private mutating func pair(on value: String, _ map: AffineMap, before layer: String) -> String {
      let scale = constant(Tensor(scalar: map.scale), "\(value).scale")
      let zeroPoint = constant(Tensor(scalar: UInt8(clamping: map.zeroPoint)), "\(value).zero")
      let (integer, real) = (names.fresh("\(value).q"), names.fresh("\(value).dq"))
      insertions[layer, default: []] += [
        Node("QuantizeLinear", name: integer, inputs: [value, scale, zeroPoint], outputs: [integer]),
        Node("DequantizeLinear", name: real, inputs: [integer, scale, zeroPoint], outputs: [real]),
      ]
      dequantized[value] = real
      return real
    }

    private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
      let name = names.fresh(stem)
      graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
      return name
    }

    func finish() -> Graph {
      var result = graph
      result.nodes = graph.nodes.flatMap { (insertions[$0.name] ?? []) + [$0] }
      return result
    }
  }
}
