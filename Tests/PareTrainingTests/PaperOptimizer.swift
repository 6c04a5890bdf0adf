import Foundation
import PareGraph
import PareTensor
import PareTraining

/// The optimizers as their papers write them, in Float64, for one parameter.
struct PaperOptimizer {
  let optimizer: Optimizer
  let decays: Bool
  var p: [Double]
  private var m: [Double]
  private var v: [Double]
  private var t = 0.0

  init(_ optimizer: Optimizer, start: [Float], decays: Bool) {
    self.optimizer = optimizer
    self.decays = decays
    p = start.map(Double.init)
    m = p.map { _ in 0 }
    v = m
  }

  mutating func step(_ gradient: [Float]) {
    t += 1
    if case .lamb(let rate, let beta1, let beta2, let epsilon, let decay) = optimizer {
      return scaledStep(gradient, rate, beta1, beta2, epsilon, decays ? decay : 0)
    }
    for i in p.indices {
      let g = Double(gradient[i])
      switch optimizer {
      case .sgd(let rate, let momentum, let decay):
        m[i] = momentum * m[i] + g + (decays ? decay * p[i] : 0)
        p[i] -= rate * m[i]
      case .adam(let rate, let beta1, let beta2, let epsilon, let decay):
        move(i, by: g + (decays ? decay * p[i] : 0), rate, beta1, beta2, epsilon)
      case .adamW(let rate, let beta1, let beta2, let epsilon, let decay):
        if decays { p[i] -= rate * decay * p[i] }
        move(i, by: g, rate, beta1, beta2, epsilon)
      case .lamb: break
      }
    }
  }

  /// You et al. 2020, algorithm 2, of one layer.
  private mutating func scaledStep(
    _ gradient: [Float], _ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ decay: Double
  ) {
    var u = p
    for i in p.indices {
      let g = Double(gradient[i])
      m[i] = beta1 * m[i] + (1 - beta1) * g
      v[i] = beta2 * v[i] + (1 - beta2) * g * g
      u[i] = m[i] / (1 - pow(beta1, t)) / ((v[i] / (1 - pow(beta2, t))).squareRoot() + epsilon) + decay * p[i]
    }
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let ratio = norm(p) > 0 && norm(u) > 0 ? norm(p) / norm(u) : 1
    for i in p.indices { p[i] -= rate * ratio * u[i] }
  }

  private mutating func move(_ i: Int, by g: Double, _ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double) {
    m[i] = beta1 * m[i] + (1 - beta1) * g
    v[i] = beta2 * v[i] + (1 - beta2) * g * g
    p[i] -= rate * (m[i] / (1 - pow(beta1, t))) / ((v[i] / (1 - pow(beta2, t))).squareRoot() + epsilon)
  }
}

/// Fifty steps of an optimizer on a weight and a bias, with gradients drawn under a fixed seed.
struct OptimizerRun {
  private var starts: [String: [Float]] = [:]
  private var ends: [String: [Float]] = [:]
  private var gradientsByName: [String: [[Float]]] = [:]

  init(_ optimizer: Optimizer) {
    var generator = SeededGenerator(seed: 3)
    let shapes: [(String, Shape)] = [("bias", [5]), ("weight", [3, 7])]
    var graph = Graph(name: "two parameters")
    for (name, shape) in shapes {
      let values = (0..<shape.elementCount).map { _ in Float(generator.uniform() * 2 - 1) }
      starts[name] = values
      graph.parameters[name] = Parameter(ParameterStorage(Tensor(values, shape: shape)), isTrainable: true)
    }
    guard let layout = try? ParameterLayout(graph, names: shapes.map(\.0)) else { return }
    let parameters = ParameterVector(layout, of: graph)
    let gradient = ParameterVector(layout)
    let state = OptimizerState(optimizer, layout: layout)
    for _ in 0..<50 {
      for entry in layout.entries {
        let values = (0..<entry.shape.elementCount).map { _ in Float(generator.uniform() * 2 - 1) }
        gradientsByName[entry.name, default: []].append(values)
        for (index, value) in values.enumerated() { gradient.elements[entry.offset + index] = value }
      }
      state.step(parameters, gradient: gradient)
    }
    for (name, tensor) in parameters.tensors { ends[name] = tensor.values() }
  }

  func start(of name: String) -> [Float] { starts[name] ?? [] }
  func gradients(of name: String) -> [[Float]] { gradientsByName[name] ?? [] }
  func finish(of name: String) -> [Float] { ends[name] ?? [] }
}
