import PareCompression

/// What somebody who deploys a model has to know of it: for what market and horizon it is, how it enters, leaves and sizes, what it
/// may lose, when not to use it, and the figure that answers each usual mistake.
///
/// Of the chosen model, or of the original where none was chosen. Every figure is of the results; nothing is measured anew.
public struct DeploymentCard: Codable, Sendable, Equatable {
  /// One thing to know.
  public struct Entry: Codable, Sendable, Equatable {
    public var term: String
    public var text: String

    public init(_ term: String, _ text: String) {
      self.term = term
      self.text = text
    }
  }

  public struct Section: Codable, Sendable, Equatable {
    public var title: String
    public var entries: [Entry]

    public init(_ title: String, _ entries: [Entry]) {
      self.title = title
      self.entries = entries
    }
  }

  /// The model's name; nil where none was judged.
  @ExplicitNull public var model: String?
  /// Whose card it is, and on what grounds, in a sentence.
  public var subject: String
  public var sections: [Section]

  /// Reads the experiment from the results' `configuration`; where that cannot be read, as in files of other versions, the card says
  /// so in place of the rules of trading.
  public init(_ results: Results) {
    guard let source = CardSource(results) else {
      model = nil
      subject = "No model was judged."
      sections = []
      return
    }
    model = source.model.name
    subject = source.subject
    sections = [source.what, source.market, source.trading, source.losses, source.conditions, source.pitfalls]
  }
}

/// What a card is worded from.
struct CardSource {
  let results: Results
  let model: CandidateResult
  let original: CandidateResult
  let experiment: Experiment?

  /// - Returns: nil where there is no candidate at all.
  init?(_ results: Results) {
    guard let original = results.candidates.first(where: { $0.role == .teacher }) ?? results.candidates.first else { return nil }
    self.results = results
    self.original = original
    model = results.candidates.first { $0.name == results.chosen } ?? original
    experiment = try? StrictYAML.decode(results.configuration)
  }

  var isOriginal: Bool { model.name == original.name }
  var isSimulated: Bool { results.data.source.hasPrefix("simulated") }
  /// Of the test part.
  var evidence: Evidence? { model.evidence?.test }
  var money: Money { model.test.money }

  var subject: String {
    guard results.chosen != nil else {
      return "\(model.name), the original: nothing was chosen, and what follows is no recommendation."
    }
    let verdict = evidence?.verdict.map { "; against the original on the test part: \($0.words)" } ?? ""
    return "\(model.name), chosen on the validation part\(verdict)." + (isSimulated ? " The market is simulated." : "")
  }
}

extension Verdict {
  /// As people read it.
  var words: String { rawValue.replacing("-", with: " ") }
}
