import PareTensor

/// A decision process whose features come as they come, whatever the agent does: only its own *condition* (what it
/// holds) answers to its actions.
///
/// So the reward and the next condition of every action in every condition are known at every row, and an agent may
/// learn from all of them (`counterfactual`) and work on many rows at once.
///
/// An observation is the row's features, then the condition one-hot: `[featureWidth + conditionCount]`.
public protocol ExogenousEnvironment: Sendable {
  /// Moments at which the agent acts, one after another.
  var rowCount: Int { get }
  var featureWidth: Int { get }
  var conditionCount: Int { get }
  var actionCount: Int { get }
  /// The condition in which every segment begins.
  var startCondition: Int { get }
  /// Stretches of rows without a gap: in order, none empty, and together all rows. An episode ends with its segment.
  var segments: [Range<Int>] { get }

  /// - Parameter features: `[featureWidth]`.
  func writeFeatures(of row: Int, into features: UnsafeMutableBufferPointer<Float>)
  /// What an action brings, minus infinity where it is ruled out.
  func reward(row: Int, condition: Int, action: Int) -> Double
  /// The condition at the next row.
  func condition(after action: Int, in condition: Int) -> Int
}

extension ExogenousEnvironment {
  public var observationWidth: Int { featureWidth + conditionCount }

  /// For each row its segment's end, the first row that no longer belongs to it.
  var segmentEnds: [Int] {
    segments.flatMap { segment in segment.map { _ in segment.upperBound } }
  }

  /// The observations of some rows in every condition: `[rows · conditionCount, observationWidth]`, the conditions of a
  /// row side by side.
  func observations(of rows: some Sequence<Int>, count: Int) -> [Float] {
    let (width, conditions) = (observationWidth, conditionCount)
    return [Float](unsafeUninitializedCapacity: count * conditions * width) { buffer, initialized in
      buffer.initialize(repeating: 0)
      var place = 0
      for row in rows {
        let first = UnsafeMutableBufferPointer(rebasing: buffer[place..<place + featureWidth])
        writeFeatures(of: row, into: first)
        for condition in 0..<conditions {
          let start = place + condition * width
          if condition > 0 {
            for index in 0..<featureWidth { buffer[start + index] = first[index] }
          }
          buffer[start + featureWidth + condition] = 1
        }
        place += conditions * width
      }
      initialized = count * conditions * width
    }
  }
}

/// An exogenous process walked step by step: an ordinary environment.
///
/// An episode begins at a row drawn evenly, in the start condition, and ends with its segment or after `length` steps.
public struct ExogenousWalk<Process: ExogenousEnvironment>: Environment {
  public let process: Process
  /// Steps of an episode at most; nil for no limit.
  public let length: Int?
  private let ends: [Int]
  private var row = 0
  private var condition: Int
  private var stepsLeft = 0

  /// - Precondition: `length` is at least 1.
  public init(_ process: Process, length: Int? = nil) {
    precondition(length ?? 1 >= 1)
    self.process = process
    self.length = length
    ends = process.segmentEnds
    condition = process.startCondition
  }

  public var observationWidth: Int { process.observationWidth }
  public var actionCount: Int { process.actionCount }

  public mutating func reset(_ generator: inout SeededGenerator) {
    row = generator.below(process.rowCount)
    condition = process.startCondition
    stepsLeft = length ?? .max
  }

  public func observe(into observation: UnsafeMutableBufferPointer<Float>) {
    // After a segment's last row there is nothing to observe; the last one stays.
    let row = min(row, process.rowCount - 1)
    process.writeFeatures(of: row, into: UnsafeMutableBufferPointer(rebasing: observation[..<process.featureWidth]))
    for index in 0..<process.conditionCount { observation[process.featureWidth + index] = index == condition ? 1 : 0 }
  }

  public mutating func step(_ action: Int, _ generator: inout SeededGenerator) -> EnvironmentStep {
    let reward = process.reward(row: row, condition: condition, action: action)
    condition = process.condition(after: action, in: condition)
    let isLast = row + 1 == ends[row]
    row += 1
    stepsLeft -= 1
    return EnvironmentStep(reward: reward, ending: isLast ? .terminal : stepsLeft == 0 ? .truncated : .none)
  }
}
