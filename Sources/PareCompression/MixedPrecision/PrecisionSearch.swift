import PareGraph
import PareInference
import PareTraining
import RealModule

/// One run of the technique over a model.
struct PrecisionSearch {
  private let technique: MixedPrecision
  private let model: Model
  private let context: CompressionContext
  private let units: [PrecisionUnit]
  /// The context's figures of the model as it came.
  private let before: [String: Double]
  private let reference: ScoreReference
  /// By its choices, what was quantized already.
  private var made: [[Int]: CompressionResult] = [:]

  /// Measures every unit of layers in every precision.
  init(_ technique: MixedPrecision, _ model: Model, _ context: CompressionContext) throws {
    self.technique = technique
    self.model = model
    self.context = context
    let rows = try context.trainingRows(for: MixedPrecision.name)
    before = technique.limits.isEmpty ? [:] : try context.measure(model)
    try Self.check(technique.limits, figures: before)
    reference = try ScoreReference(model.graph, rows: rows.evenlySpaced(technique.rows))
    units = try LayerSensitivity(technique, model, reference, context).units()
  }

  /// - Throws: `compression.budget` where the fewest bits are above it, with by how much.
  mutating func result() throws -> CompressionResult {
    let frontier = PrecisionAllocation.frontier(of: units)
    let position = try start(in: frontier)
    var allocation = frontier[position]
    let start = allocation
    var raised: [Int] = []
    var violated = try violatedLimit(by: allocation)
    while violated != nil, let unit = noisiest(in: allocation) {
      raise(unit, in: &allocation)
      raised.append(unit)
      progress("returning \(units[unit].layers[0]) to \(scheme(unit, allocation).precision.words)", 0.9)
      violated = try violatedLimit(by: allocation)
    }
    if let violated {
      throw CompressionError(
        "limit", subject: MixedPrecision.name, expected: violated.words(before: before),
        found: "\(try context.measure(quantized(allocation).model)[violated.figure] ?? .nan) with every layer in its best form")
    }
    let chosen = try quantized(allocation)
    let words = try summary(start: start, chosen: allocation, raised: raised, chosen.model)
    return CompressionResult(model: chosen.model, layers: [words] + reports(allocation, chosen.layers))
  }

  // MARK: Budget

  /// The position of the allocation that the budget asks for; the cheapest without one.
  private mutating func start(in frontier: [PrecisionAllocation]) throws -> Int {
    guard let budget = technique.budget else { return 0 }
    // Of an allocation what it costs and errs is known exactly only once it is made. Both go one way along the frontier.
    var (low, high) = (0, frontier.count)
    while low < high {
      let middle = (low + high) / 2
      if try isKept(budget, by: frontier[middle]) == budget.boundsCost { low = middle + 1 } else { high = middle }
    }
    // The dearest that is affordable, or the cheapest that is good enough.
    let position = budget.boundsCost ? low - 1 : low
    guard frontier.indices.contains(position) else {
      let extreme = budget.boundsCost ? 0 : frontier.count - 1
      let figure = try budget.figure(of: quantized(frontier[extreme]).model, reference)
      throw CompressionError(
        "budget", subject: MixedPrecision.name, expected: try budget.limit(before: model, reference).words,
        found: "\(budget.words(figure)) in the \(budget.boundsCost ? "cheapest" : "best") forms")
    }
    return position
  }

  private mutating func isKept(_ budget: PrecisionBudget, by allocation: PrecisionAllocation) throws -> Bool {
    progress("\(frontierWords(allocation)) against the budget", 0.85)
    return try budget.limit(before: model, reference).holds(budget.figure(of: quantized(allocation).model, reference))
  }

  // MARK: Limits

  /// - Throws: `compression.limit` where a figure is not measured, or the model does not keep to it before anything is done.
  private static func check(_ limits: [FigureLimit], figures: [String: Double]) throws {
    for (index, limit) in limits.enumerated() {
      let subject = "\(MixedPrecision.name): limits[\(index)]"
      guard let value = figures[limit.figure] else {
        throw CompressionError(
          "limit", subject: subject,
          expected: figures.isEmpty
            ? "figures of models to be measured here" : NearestWord.expectation(limit.figure, among: figures.keys.sorted()),
          found: figures.isEmpty ? "none" : "'\(limit.figure)'")
      }
      guard limit.holds(for: figures, before: figures) else {
        throw CompressionError("limit", subject: subject, expected: limit.words(before: figures), found: "\(value) before anything is rounded")
      }
    }
  }

  private mutating func violatedLimit(by allocation: PrecisionAllocation) throws -> FigureLimit? {
    guard !technique.limits.isEmpty else { return nil }
    let figures = try context.measure(quantized(allocation).model)
    return technique.limits.first { !$0.holds(for: figures, before: before) }
  }

  /// The unit whose return to its next form takes the most noise away.
  private func noisiest(in allocation: PrecisionAllocation) -> Int? {
    func gain(_ unit: Int) -> Double {
      let (options, choice) = (units[unit].options, allocation.choices[unit])
      return options[choice].noise - options[choice + 1].noise
    }
    return units.indices.filter { allocation.choices[$0] + 1 < units[$0].options.count }.max { gain($0) < gain($1) }
  }

  private func raise(_ unit: Int, in allocation: inout PrecisionAllocation) {
    let (options, choice) = (units[unit].options, allocation.choices[unit])
    allocation.choices[unit] += 1
    allocation.noise += options[choice + 1].noise - options[choice].noise
    allocation.cost += options[choice + 1].cost - options[choice].cost
  }

  // MARK: Making

  private mutating func quantized(_ allocation: PrecisionAllocation) throws -> CompressionResult {
    if let result = made[allocation.choices] { return result }
    let schemes = units.indices.map { (units[$0].layers, scheme($0, allocation)) }
    var context = context
    context.progress = { _ in }
    let result = try technique.quantization(schemes).compress(model, in: context)
    made[allocation.choices] = result
    return result
  }

  private func scheme(_ unit: Int, _ allocation: PrecisionAllocation) -> QuantizationScheme {
    units[unit].options[allocation.choices[unit]].scheme
  }

  private func progress(_ activity: String, _ fraction: Double) {
    context.progress(CompressionProgress(technique: MixedPrecision.name, activity: activity, fraction: fraction))
  }

  // MARK: Reporting

  private func frontierWords(_ allocation: PrecisionAllocation) -> String {
    var counts: [(word: String, count: Int)] = []
    for unit in units.indices {
      let word = scheme(unit, allocation).precision.words
      if let index = counts.firstIndex(where: { $0.word == word }) { counts[index].count += 1 } else { counts.append((word, 1)) }
    }
    return counts.map { "\($0.count) × \($0.word)" }.joined(separator: ", ")
  }

  private func summary(
    start: PrecisionAllocation, chosen: PrecisionAllocation, raised: [Int], _ model: Model
  ) throws -> LayerReport {
    var words = frontierWords(chosen)
    if let budget = technique.budget {
      let limit = try budget.limit(before: self.model, reference)
      let figure = try budget.figure(of: model, reference)
      words += "; \(budget.words(figure)), \(limit.words) asked for"
      if !limit.holds(figure) { words += ": above the budget for the sake of the limits" }
    }
    if !raised.isEmpty {
      words += "; to keep to the limits \(raised.count) returns to more bits, from \(frontierWords(start))"
    }
    let error = try reference.error(of: model.graph)
    var figures = ["predicted_output_snr_db": -10 * Double.log10(chosen.noise), "returns": Double(raised.count)]
    if let decibels = error.signalToNoiseDecibels { figures["output_snr_db"] = decibels }
    return LayerReport(layer: "all layers", outcome: words, figures: figures.filter { $0.value.isFinite })
  }

  /// The reports of the quantization, with what each form would have cost the scores.
  private func reports(_ allocation: PrecisionAllocation, _ layers: [LayerReport]) -> [LayerReport] {
    layers.map { report in
      var report = report
      guard let unit = units.first(where: { $0.layers.contains { report.layer == $0 || report.layer.hasPrefix("\($0), ") } }) else {
        return report
      }
      for option in unit.options where option.noise > 0 {
        report.figures["output_snr_db_\(option.scheme.precision.words)"] = -10 * Double.log10(option.noise)
      }
      return report
    }
  }
}
