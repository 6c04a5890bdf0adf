import Foundation
import PareBacktest
import PareCompression

/// What became of one model with one seed.
struct PanelModelResult: Codable, Sendable {
  /// What a model is in the experiment.
  enum Role: String, Codable, Sendable {
    /// A size of which the teacher is chosen.
    case size
    case teacher, model, candidate
  }

  var name: String
  var role: Role
  /// In a few words.
  var words: String
  var parameters: Int
  /// Of the artifact, all that it holds.
  var bytes: Int
  /// Processor time that making it took.
  var seconds: Double
  var validation: PanelJudgement
  var test: PanelJudgement
}

/// All models with one seed.
struct PanelSeedResult: Codable, Sendable {
  var seed: UInt64
  /// The teacher first.
  var models: [PanelModelResult]
  /// The sizes of which the teacher was chosen.
  var sizes: [PanelModelResult]

  subscript(name: String) -> PanelModelResult? { models.first { $0.name == name } }
}

/// What a run on a panel found.
public struct PanelResults: Codable, Sendable {
  var schema = 1
  var experiment: PanelExperiment
  var source: String
  var digest: String
  var symbols: Int
  var days: [String: Int]
  var columns: Int
  var seeds: [PanelSeedResult]
  package var summary: PanelSummary
  /// Nil where the experiment asks for none.
  package var walkForward: PanelWalkForwardResult?

  package var name: String { experiment.name }
  package var seedWords: String { seeds.count == 1 ? "seed \(seeds[0].seed)" : "\(seeds.count) seeds" }
  package var sourceWords: String {
    let parts = ["train", "validation", "test"].map { "\($0) \(days[$0] ?? 0)" }.joined(separator: ", ")
    return "\(source); \(symbols) symbols, \(columns) features, days: \(parts)"
  }

  /// - Throws: where a number is none that JSON knows.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
