import Foundation
import PareCompression
import PareMarket

/// A strategy, or a model that runs elsewhere, of which only what it said is known: `{recorded: {file: positions.csv, says: positions}}`.
///
/// The file has a row per decision: `time`, `symbol` where there are several, and
/// - `position`, from −1 to 1, where it says positions;
/// - `score`, whose sign is the direction and whose size the confidence, where it says scores;
/// - a column for each class of the label where it says logits or probabilities.
public struct RecordedTeacher: TeacherKind {
  public static let key = "recorded"

  /// What the numbers of a record mean.
  public enum Statement: String, Sendable, Hashable, Codable, CaseIterable {
    case positions, scores, logits, probabilities
  }

  /// What to do about decisions that the record has nothing for.
  public enum Gaps: String, Sendable, Hashable, Codable, CaseIterable {
    /// An error that names the first.
    case refuse
    /// The record holds changes alone: what it said last still stands, and nothing before the first.
    case hold
  }

  public var file: TableFile
  public var says: Statement
  public var gaps: Gaps
  /// The probability that a full position stands for; the other classes share the rest.
  public var confidence: Double

  public init(_ file: TableFile, says: Statement, gaps: Gaps = .refuse, confidence: Double = 0.9) {
    (self.file, self.says, self.gaps, self.confidence) = (file, says, gaps, confidence)
  }

  public var words: String { "recorded \(says.rawValue) of \(URL(fileURLWithPath: file.path).lastPathComponent)" }
  public var files: [String] { [file.path] }

  public func validate(at path: ParameterPath) throws {
    let place = path.key(Self.key)
    try place.key(CodingKeys.confidence).require(
      confidence > 0.5 && confidence < 1, expected: "a probability above 0.5 and below 1", found: confidence)
    try place.key(CodingKeys.gaps).require(
      says == .positions || gaps == .refuse, expected: "refuse, unless the record says positions", found: gaps.rawValue)
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let path = room.resolve(file.path)
    let table = try file.features(at: path)
    let columns = try columnNames(room.data).map { try column($0, of: table, path) }
    let record = try Record(table, of: room.data.dataset, holds: gaps == .hold, source: path)
    let outputs = try TeacherOutputs(
      classCount: room.data.classCount, logits: logits(record, columns, of: table, room.data, source: path), source: path)
    return TrainedTeacher(outputs: outputs, parts: [])
  }

  private func columnNames(_ data: ExperimentData) -> [String] {
    switch says {
    case .positions: ["position"]
    case .scores: ["score"]
    case .logits, .probabilities: data.dataset.label.classNames
    }
  }

  private func logits(
    _ record: Record, _ columns: [Int], of table: FeatureTable, _ data: ExperimentData, source: String
  ) throws -> [Float] {
    let names = data.dataset.label.classNames
    switch says {
    case .positions:
      return try record.places.flatMap { row -> [Float] in
        let position = row.map { Double(table.values[$0 * table.width + columns[0]]) } ?? 0
        guard abs(position) <= 1 else {
          throw EvaluationError("recorded", subject: "\(source): row \(row ?? 0)", expected: "a position in -1 ... 1", found: "\(position)")
        }
        return probabilities(of: position, classes: names.count).map { Float(log($0)) }
      }
    case .scores:
      let scores = record.places.map { $0.map { Double(table.values[$0 * table.width + columns[0]]) } ?? 0 }
      let training = data.view.trainingRows.map { scores[$0] }
      let spread = (training.reduce(0) { $0 + $1 * $1 } / Double(max(training.count, 1))).squareRoot()
      guard spread > 0, spread.isFinite else {
        throw EvaluationError(
          "recorded", subject: source, expected: "scores that differ from 0 on the training part", found: "a spread of \(spread)")
      }
      // As those of an own model: two classes at ∓s/2, whose softmax is a logistic of s; a class between them stands at 0.
      let sides = names.count == 2 ? [-0.5, 0.5] : [-1, 0, 1]
      return scores.flatMap { score in sides.map { Float($0 * score / spread) } }
    case .logits, .probabilities:
      return record.places.flatMap { row in
        columns.map { column in
          let value = row.map { table.values[$0 * table.width + column] } ?? 0
          return says == .logits ? value : log(max(value, 1e-7))
        }
      }
    }
  }

  /// A position of −1, 0 or 1 is the class of that side with the confidence; what lies between mixes them.
  private func probabilities(of position: Double, classes: Int) -> [Double] {
    let side = position > 0 ? classes - 1 : 0
    if classes == 2 {
      let up = 0.5 + (confidence - 0.5) * position
      return [1 - up, up]
    }
    let rest = (1 - confidence) / Double(classes - 1)
    return (0..<classes).map { index in
      let full = index == side ? confidence : rest
      let flat = index == classes / 2 ? confidence : rest
      return abs(position) * full + (1 - abs(position)) * flat
    }
  }

  private func column(_ name: String, of table: FeatureTable, _ source: String) throws -> Int {
    if let column = table.columns.firstIndex(of: name) { return column }
    // An npz names no columns; one that fits is taken in the label's order.
    if source.lowercased().hasSuffix(".npz"), table.width == 1 { return 0 }
    throw EvaluationError(
      "recorded", subject: source, expected: "a column '\(name)', as what says \(says.rawValue) has",
      found: table.columns.joined(separator: ", "))
  }
}

/// Where in a table the record of each row of a dataset stands.
private struct Record {
  /// Nil where a held position has not begun.
  var places: [Int?]

  /// - Parameter holds: whether what was said last stands until something else is.
  init(_ table: FeatureTable, of dataset: MarketDataset, holds: Bool, source: String) throws {
    if let symbols = table.keys.symbols, let strange = symbols.first(where: { symbol in !dataset.keys.contains { $0.symbol == symbol } }) {
      throw EvaluationError(
        "recorded-symbol", subject: source, expected: "symbols of the data: \(dataset.keys.map(\.symbol).joined(separator: ", "))",
        found: "'\(strange)'")
    }
    if dataset.keys.count > 1, table.keys.symbols == nil {
      throw EvaluationError(
        "recorded-symbol", subject: source, expected: "a column 'symbol', since there are \(dataset.keys.count) of them", found: "none")
    }
    let bySymbol = try dataset.keys.map { try Self.rows(of: $0, table, source: source) }
    places = []
    places.reserveCapacity(dataset.rowCount)
    var (held, missing) = ([Int?](repeating: nil, count: dataset.keys.count), [Int]())
    var next = [Int](repeating: 0, count: dataset.keys.count)
    for row in dataset.times.indices {
      let (symbol, time) = (Int(dataset.symbolIDs[row]), dataset.times[row])
      let rows = bySymbol[symbol]
      var exact: Int?
      while next[symbol] < rows.count, rows[next[symbol]].time <= time {
        held[symbol] = rows[next[symbol]].row
        if rows[next[symbol]].time == time { exact = rows[next[symbol]].row }
        next[symbol] += 1
      }
      if exact == nil, !holds { missing.append(row) }
      places.append(holds ? held[symbol] : exact)
    }
    guard let first = missing.first else { return }
    let more = missing.count > 1 ? ", and \(missing.count - 1) more" : ""
    throw EvaluationError(
      "recorded-gap", subject: source, expected: "a row for each of \(dataset.rowCount) decisions",
      found: "none for \(dataset.keys[Int(dataset.symbolIDs[first])].symbol) at \(UTCTime.text(dataset.times[first]))\(more)")
  }

  /// A symbol's rows by the time of their decision.
  private static func rows(of key: SeriesKey, _ table: FeatureTable, source: String) throws -> [(time: Int64, row: Int)] {
    let length = table.moment == .start ? key.interval.milliseconds ?? 0 : 0
    let symbols = table.keys.symbols
    let rows = table.keys.times.indices.filter { row in symbols.map { $0[row] == key.symbol } ?? true }
      .map { (time: table.keys.times[$0] &+ length, row: $0) }
      .sorted { ($0.time, $0.row) < ($1.time, $1.row) }
    if let twice = zip(rows, rows.dropFirst()).first(where: { $0.time == $1.time }) {
      throw EvaluationError(
        "recorded-twice", subject: source, expected: "one row for \(key.symbol) at \(UTCTime.text(twice.0.time))",
        found: "rows \(twice.0.row) and \(twice.1.row)")
    }
    return rows
  }
}

extension RecordedTeacher: Codable {
  private enum OuterKeys: String, CodingKey, CaseIterable {
    case recorded
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case file, tensor, time, says, gaps, confidence
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: OuterKeys.self).superDecoder(forKey: .recorded)
      .strictContainer(keyedBy: CodingKeys.self)
    let file = TableFile(
      path: try container.decode(String.self, forKey: .file), tensor: try container.decodeIfPresent(String.self, forKey: .tensor),
      moment: try container.wordIfPresent(forKey: .time) ?? .close)
    self.init(file, says: try container.word(forKey: .says))
    gaps = try container.wordIfPresent(forKey: .gaps) ?? gaps
    confidence = try container.decodeIfPresent(Double.self, forKey: .confidence) ?? confidence
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: OuterKeys.self)
    var container = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .recorded)
    try container.encode(file.path, forKey: .file)
    try container.encodeIfPresent(file.tensor, forKey: .tensor)
    try container.encode(file.moment, forKey: .time)
    try container.encode(says, forKey: .says)
    try container.encode(gaps, forKey: .gaps)
    try container.encode(confidence, forKey: .confidence)
  }
}
