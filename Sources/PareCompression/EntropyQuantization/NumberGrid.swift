import PareGraph
import PareTensor
import RealModule

/// The numbers of a parameter as whole multiples of 2^exponent.
struct NumberGrid {
  let parameter: String
  let shape: Shape
  let exponent: Int
  /// The nearest multiples, ties to even, at most `limit` from zero.
  let levels: [Int32]

  /// Matrices keep to what integers of eight bits hold, so that a later quantization can take the levels as they are.
  static func limit(_ shape: Shape) -> Int32 { shape.rank >= 2 ? 127 : 32_767 }

  init(_ parameter: String, _ values: [Float], shape: Shape, exponent: Int) {
    (self.parameter, self.shape, self.exponent) = (parameter, shape, exponent)
    let (step, limit) = (Double.exp2(Double(exponent)), Double(Self.limit(shape)))
    levels = values.map { Int32(min(max((Double($0) / step).rounded(.toNearestOrEven), -limit), limit)) }
  }

  func with(values: [Float]) -> NumberGrid { NumberGrid(parameter, values, shape: shape, exponent: exponent) }

  var step: Float { Float(Double.exp2(Double(exponent))) }
  var values: [Float] { levels.map { Float($0) * step } }
  /// Dense Float32, which a code of the file sees through better than through a table and its indices.
  var storage: ParameterStorage { ParameterStorage(Tensor(values, shape: shape)) }

  /// Bits of a code that knows nothing of the levels but which is the greatest, and learns how frequent each is as it goes (an estimate of
  /// Krichevsky and Trofimov's kind, with half a count for each level to begin with).
  var bits: Double {
    guard let greatest = levels.map({ $0.magnitude }).max(), greatest > 0 else { return 1 }
    var counts: [Int32: Int] = [:]
    for level in levels { counts[level, default: 0] += 1 }
    let half = Double(2 * greatest + 1) / 2
    var nats = Double.logGamma(Double(levels.count) + half) - Double.logGamma(half)
    for count in counts.values { nats -= Double.logGamma(Double(count) + 0.5) - Double.logGamma(0.5) }
    return nats / Double.log(2) + 4
  }

  /// Σ of the squared errors.
  func squaredError(of values: [Float]) -> Double {
    zip(values, levels).reduce(0) { sum, pair in
      let error = Double(pair.0) - Double(pair.1) * Double(step)
      return sum + error * error
    }
  }

  func report(of graph: Graph) -> LayerReport {
    let original = graph.values(of: parameter)
    return LayerReport(
      layer: parameter,
      outcome: "multiples of 2^\(exponent), \(Set(levels).count) values, \((100 * bits / Double(levels.count)).rounded() / 100) bits a number",
      weightError: ErrorMeasure(of: values.map { Double($0) }, against: original.map { Double($0) }),
      figures: [
        "step": Double(step), "values": Double(Set(levels).count), "bits_per_number": bits / Double(levels.count),
        "zeros": Double(levels.count { $0 == 0 }),
      ])
  }
}

extension Graph {
  /// The numbers of a Float32 parameter.
  func values(of parameter: String) -> [Float] { parameters[parameter]?.storage.decoded().values(as: Float.self) ?? [] }
}
