import Foundation

extension SearchResults {
  /// The frontier for other programs: a line each, the objectives first.
  func csv() throws -> String {
    let objectives = objectives.compactMap(Objective.init(rawValue:))
    let columns = objectives + Objective.allCases.filter { !objectives.contains($0) }
    var lines = [(["trial", "chosen", "within_budget"] + columns.map { $0.rawValue } + ["made", "recipe"]).joined(separator: ",")]
    for trial in frontier {
      guard let model = JudgedTrial(trial) else { continue }
      let figures = columns.map { column -> String in
        let value = column.value(of: model) ?? .infinity
        return value.isFinite ? "\(value)" : ""
      }
      let texts = [trial.made, trial.recipe].map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
      lines.append(
        ([trial.name, "\(trial.name == chosen)", "\(trial.withinBudget)"] + figures + texts).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// As `search.json` has it: sorted keys, so that equal results are equal bytes.
  public func json(pretty: Bool = true) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
