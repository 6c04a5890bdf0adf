import PareTensor

/// The order in which an epoch takes the rows.
struct RowOrder {
  private enum Rule {
    case shuffled
    /// The group of each row.
    case grouped([Int])
    /// As they are.
    case kept
  }

  private let rule: Rule
  /// Before the first epoch.
  let first: [Int]

  /// - Throws: `training.groups` where there is no such input or it holds no Int64 for each row.
  init(_ problem: TrainingProblem, settings: TrainingSettings) throws {
    let rowCount = problem.training.rowCount
    guard let name = settings.groups, !problem.keepsOrder else {
      rule = problem.keepsOrder ? .kept : .shuffled
      first = Array(0..<rowCount)
      return
    }
    guard let tensor = problem.training[name], tensor.shape.rank == 1, tensor.elementType == .int64 else {
      throw TrainingError(
        "groups", subject: "input '\(name)'", expected: "an int64 for each row",
        found: problem.training[name].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none", category: .usage)
    }
    var numbers: [Int64: Int] = [:]
    let groups = tensor.values(as: Int64.self).map { label in
      numbers[label] ?? {
        let number = numbers.count
        numbers[label] = number
        return number
      }()
    }
    rule = .grouped(groups)
    first = (0..<rowCount).sorted { (groups[$0], $0) < (groups[$1], $1) }
  }

  /// Makes the next epoch's order out of the last one's.
  func shuffle(_ order: inout [Int], with generator: inout SeededGenerator) {
    switch rule {
    case .kept: break
    case .shuffled: generator.shuffle(&order)
    case .grouped(let groups):
      var starts = order.indices.filter { $0 == 0 || groups[order[$0]] != groups[order[$0 - 1]] }
      let ends = Dictionary(uniqueKeysWithValues: zip(starts, starts.dropFirst() + [order.count]))
      generator.shuffle(&starts)
      order = starts.flatMap { order[$0..<(ends[$0] ?? $0)] }
    }
  }
}
