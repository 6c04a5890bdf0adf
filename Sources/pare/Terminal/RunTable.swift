import Foundation
import PareEvaluation

/// All of a kept run, for a terminal.
struct RunTable {
  private let record: RunRecord

  init(_ record: RunRecord) {
    self.record = record
  }

  func rendered() -> String {
    let run = record.run
    let seconds = run.seconds.map { String(format: ", %.1f s", $0) } ?? ""
    var lines = [
      "run \(run.id.map(String.init) ?? "–"): \(run.experiment), seed \(run.seed), \(run.started)\(seconds)",
      "data: \(run.dataSource), \(run.dataDigest)",
      "Pare \(run.version ?? "of an unknown version"), kernels \(run.kernels ?? "unknown"), cost table \(run.costs ?? "unknown")",
      "chosen: \(run.chosen ?? "none")", "why: \(run.reason)",
    ]
    for part in ["", "validation", "test"] {
      guard let table = figures(of: part) else { continue }
      lines += ["", table]
    }
    let own = record.figures.filter { $0.subject.isEmpty }
    if !own.isEmpty {
      var table = TextTable(["of the run", "value"])
      for figure in own { table.add([figure.name, FigureWords.value(figure.value)]) }
      lines += ["", table.rendered()]
    }
    lines += ["", files(), "", "Configuration:", record.configuration.trimmingCharacters(in: .newlines)]
    return lines.joined(separator: "\n")
  }

  /// A row for each figure of a part, a column for each subject that has any.
  private func figures(of part: String) -> String? {
    let figures = record.figures.filter { $0.part == part && !$0.subject.isEmpty }
    var (subjects, names): ([[String]], [String]) = ([], [])
    var values: [[String]: Double] = [:]
    for figure in figures {
      let subject = [figure.list, figure.subject]
      if !subjects.contains(subject) { subjects.append(subject) }
      if !names.contains(figure.name) { names.append(figure.name) }
      values[subject + [figure.name]] = figure.value
    }
    guard !subjects.isEmpty else { return nil }
    let chosen = record.run.chosen
    var table = TextTable([part.isEmpty ? "figure" : part] + subjects.map { ($0[1] == chosen ? "▶ " : "") + $0[1] })
    for name in names { table.add([name] + subjects.map { FigureWords.value(values[$0 + [name]]) }) }
    return table.rendered()
  }

  private func files() -> String {
    var table = TextTable(["file in \(record.run.folder)", "bytes", "digest", "now"], words: [0, 2, 3])
    for artifact in record.artifacts {
      table.add([artifact.path, "\(artifact.bytes)", artifact.digest, artifact.state(in: record.run.folder).rawValue])
    }
    return table.rendered()
  }
}
