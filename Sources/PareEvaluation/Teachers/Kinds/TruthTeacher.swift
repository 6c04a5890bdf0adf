import Foundation
import PareBacktest
import PareCompression
import PareMarket

/// Whoever knows the simulator's law: of each row the true probabilities of its classes, `{truth: bayes}`. A student of it is the best
/// that its class can be on these rows, which is what others are measured against.
public struct TruthTeacher: TeacherKind {
  public static let key = "truth"

  public enum Knowledge: String, Sendable, Hashable, Codable, CaseIterable {
    /// Given the candles so far.
    case bayes
  }

  public var knowledge: Knowledge

  public init(_ knowledge: Knowledge = .bayes) {
    self.knowledge = knowledge
  }

  public var words: String { "the simulator's truth, given the candles so far" }

  public func validate(at path: ParameterPath) throws {}

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let (dataset, truths) = (room.data.dataset, room.data.source.truths)
    let count = room.data.classCount
    var logits: [Float] = []
    for row in dataset.times.indices {
      let symbol = Int(dataset.symbolIDs[row])
      guard truths.indices.contains(symbol), let truth = truths[symbol], truth.knows(dataset.label) else {
        throw EvaluationError(
          "truth", subject: "teacher: truth", expected: "a simulated market that knows the label", found: dataset.keys[symbol].symbol)
      }
      let chances = truth.bayes.classProbabilities(at: dataset.candleIndices[row], of: dataset.label)
      // Near the end the horizon is not over, and nothing is known.
      logits.append(contentsOf: chances.map { $0.isNaN ? 0 : Float(log(max($0, 1e-4))) })
    }
    return TrainedTeacher(outputs: try TeacherOutputs(classCount: count, logits: logits, source: "the simulator's truth"), parts: [])
  }
}

extension TruthTeacher: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case truth
  }

  public init(from decoder: any Decoder) throws {
    self.init(try decoder.strictContainer(keyedBy: CodingKeys.self).word(forKey: .truth))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(knowledge, forKey: .truth)
  }
}
