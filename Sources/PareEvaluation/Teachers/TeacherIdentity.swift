import PareArtifact
import PareCompression
import PareMarket
import PareTensor

/// What a teacher was made of. What was kept of one is used again only where nothing of this has changed.
struct TeacherIdentity: Sendable, Codable, Hashable {
  /// Of the layout and the meaning of what is kept; another version is not read.
  static let version = 1

  var version = TeacherIdentity.version
  /// The teacher as the experiment spells it, and the seed.
  var configuration: String
  /// Digest of the rows that it sees and of those that it speaks of: features, labels, returns, times and parts.
  var data: String

  init(_ experiment: Experiment, name: String, data: ExperimentData, resolve: (String) -> String) throws {
    let circumstances = try experiment.teacher.kind.circumstances(in: experiment)
    configuration =
      try StrictYAML.json(experiment.teacher) + " seed \(experiment.seed) as \(name)" + (circumstances.isEmpty ? "" : ", \(circumstances)")
    var fingerprint = Fingerprint()
    fingerprint.add(try StrictYAML.json(experiment.label) + StrictYAML.json(experiment.features))
    fingerprint.add(rows: data.dataset)
    for features in Set(experiment.teacher.inputs).sorted(by: { "\($0)" < "\($1)" }) where features != experiment.features {
      fingerprint.add(rows: try data.view(of: features).dataset)
    }
    for path in experiment.teacher.kind.files.map(resolve) {
      // A file that cannot be read is refused by whoever reads it.
      if let bytes = try? WholeFile.read(path) { bytes.withUnsafeBytes { fingerprint.add($0) } }
    }
    self.data = fingerprint.digits
  }

  /// Why something kept under another identity cannot be used; nil where it can.
  func change(from kept: TeacherIdentity) -> String? {
    if kept.version != version { return "it was kept by another version" }
    if kept.configuration != configuration { return "the teacher is another: \(configuration), and not \(kept.configuration)" }
    if kept.data != data { return "the data are others: digest \(data), and not \(kept.data)" }
    return nil
  }
}

extension Fingerprint {
  /// Everything of a dataset that a teacher can learn from.
  fileprivate mutating func add(rows dataset: MarketDataset) {
    dataset.features.withUnsafeBytes { add($0) }
    dataset.labels.withUnsafeBytes { add($0) }
    dataset.forwardReturns.withUnsafeBytes { add($0) }
    dataset.times.withUnsafeBytes { add($0) }
    dataset.symbolIDs.withUnsafeBytes { add($0) }
    for part in DatasetPart.allCases {
      add(UInt64(dataset.parts[part].lowerBound))
      add(UInt64(dataset.parts[part].upperBound))
    }
  }
}
