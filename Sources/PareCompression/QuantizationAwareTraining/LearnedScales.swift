import PareGraph
import PareTensor
import RealModule

/// Scales of a graph that is trained: `S · exp(θ)` with the S that training starts from and a trained θ that starts at 0.
///
/// A step of Adam moves every θ by about the learning rate, so scales of all sizes by the same fraction, and none below 0.
///
/// - Source: Jain et al. 2019, arXiv:1903.08066, §3.
struct LearnedScales {
  /// Whether they are trained; else they stay what they start from.
  let areTrained: Bool
  /// Names of the θ.
  private(set) var logarithms: [String] = []
  private var entries: [String: Entry] = [:]

  private struct Entry {
    let start: Tensor
    let logarithm: String?
    let value: String
  }

  init(areTrained: Bool) {
    self.areTrained = areTrained
  }

  /// The value that holds the scales of a key, which is also the stem of names; made once.
  mutating func value(of key: String, from start: Tensor, in graph: inout Graph, _ names: inout NameScope) -> String {
    if let known = entries[key] { return known.value }
    let constant = names.fresh("\(key).start")
    graph.parameters[constant] = Parameter(ParameterStorage(start), isTrainable: false)
    guard areTrained else {
      entries[key] = Entry(start: start, logarithm: nil, value: constant)
      return constant
    }
    let logarithm = names.fresh("\(key).logarithm")
    graph.parameters[logarithm] = Parameter(ParameterStorage(Tensor(zeros: .float32, shape: start.shape)), isTrainable: true)
    logarithms.append(logarithm)
    let (factor, value) = (names.fresh("\(key).factor"), names.fresh("\(key).learned"))
    graph.nodes += [
      Node("Exp", name: factor, inputs: [logarithm], outputs: [factor]),
      Node("Mul", name: value, inputs: [constant, factor], outputs: [value]),
    ]
    entries[key] = Entry(start: start, logarithm: logarithm, value: value)
    return value
  }

  /// The scales of a key after training, positive and normal; nil where it has none.
  func scales(of key: String, in trained: Graph) -> Tensor? {
    guard let entry = entries[key] else { return nil }
    guard let logarithms = entry.logarithm.flatMap({ trained.parameters[$0] })?.storage.decoded() else { return entry.start }
    return Tensor(zip(entry.start.doubles, logarithms.doubles).map { AffineMap.scale($0 * .exp($1)) }, shape: entry.start.shape)
  }

  /// What the gradient of a scale is multiplied by: it grows with the numbers that share the scale and with the integers.
  ///
  /// - Source: Esser et al. 2020, arXiv:1902.08153, §2.2.
  func gradientScale(sharedBy count: Int, highest: Int) -> Double {
    areTrained ? 1 / (Double(max(count, 1)) * Double(highest)).squareRoot() : 0
  }
}
